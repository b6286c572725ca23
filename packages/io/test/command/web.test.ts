import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { ambit, command, useOwnDirectory, withProgram } from '../support/inspected-program.ts';

jest.setTimeout(120_000);
useOwnDirectory();

/** Runs `ambit web` while a body looks at it, and returns how it ended. */
async function withPage(
  pid: number,
  body: (address: URL, web: ChildProcess) => Promise<void>,
): Promise<void> {
  const web = spawn(process.execPath, [command, 'web', `${pid}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env },
  });
  const ended = once(web, 'exit');
  try {
    const [line] = (await once(web.stdout, 'data')) as [Buffer];
    await body(new URL(String(line).split('\n')[0]!), web);
  } finally {
    web.kill('SIGINT');
    await ended;
  }
}

async function ask(
  address: URL,
  { method = 'GET', host = address.host, headers = {} } = {},
): Promise<IncomingMessage> {
  const asked = request(address, { method, headers: { ...headers, host }, agent: false });
  asked.end();
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  response.resume();
  return response;
}

test('only a browser with the address of this server gets an answer, and only to GET', () =>
  withProgram('shop.mjs', ({ pid }) =>
    withPage(pid, async (address) => {
      expect(address.hostname).toBe('127.0.0.1');
      expect(Buffer.from(address.searchParams.get('token')!, 'base64url')).toHaveLength(24);
      const statusOf = async (
        path: string,
        options?: Parameters<typeof ask>[1],
        token = address.searchParams.get('token')!,
      ): Promise<number | undefined> => {
        const url = new URL(`${path}?token=${token}`, address);
        return (await ask(url, options)).statusCode;
      };
      expect(await statusOf('/')).toBe(200);
      for (const path of ['/', '/watch', '/trace', '/nothing']) {
        expect(await statusOf(path, {}, '')).toBe(401);
        expect(await statusOf(path, {}, 'A'.repeat(32))).toBe(401);
        expect(await statusOf(path, { host: 'evil.example' })).toBe(403);
        expect(await statusOf(path, { host: '127.0.0.1' })).toBe(403);
        expect(await statusOf(path, { headers: { origin: 'http://evil.example' } })).toBe(403);
        expect(await statusOf(path, { headers: { origin: 'null' } })).toBe(403);
        expect(await statusOf(path, { method: 'POST' })).toBe(405);
      }
      expect(await statusOf('/nothing')).toBe(404);
      expect(await statusOf('/', { headers: { origin: address.origin } })).toBe(200);
      expect(await statusOf('/', { host: `localhost:${address.port}` })).toBe(200);
    }),
  ));

test('the page may run no script of others, be in no frame, and be kept nowhere', () =>
  withProgram('shop.mjs', ({ pid }) =>
    withPage(pid, async (address) => {
      const { headers } = await ask(address);
      const policy = String(headers['content-security-policy']);
      expect(policy).toMatch(/default-src 'none'; script-src 'nonce-[\w+/=]{24}';/);
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toContain('unsafe');
      expect(headers).toMatchObject({
        'x-frame-options': 'DENY',
        'referrer-policy': 'no-referrer',
        'cache-control': 'no-store',
      });
      const again = await ask(address);
      expect(again.headers['content-security-policy']).not.toBe(policy);
    }),
  ));

test('the server is for this machine alone', () =>
  withProgram('shop.mjs', ({ pid }) =>
    withPage(pid, async (address) => {
      const others = Object.values(networkInterfaces())
        .flatMap((each) => each ?? [])
        .filter(({ internal, family }) => !internal && family === 'IPv4');
      for (const { address: host } of others) {
        const asked = request({ host, port: address.port, agent: false });
        asked.end();
        await expect(once(asked, 'response')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
      }
    }),
  ));

interface Seen {
  readonly rows: readonly string[];
  readonly [what: string]: unknown;
}

test('in a browser it shows the program live, sorts, filters, freezes and records it', () =>
  withProgram('shop.mjs', (program) =>
    withPage(program.pid, async (address) => {
      const looker = join(__dirname, '../fixtures/look-at-page.mjs');
      const child = spawn(process.execPath, [looker, address.href], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let text = '';
      child.stdout.on('data', (piece) => {
        text += String(piece);
        if (text === 'seen\n') program.kill('SIGKILL');
      });
      await once(child, 'close');
      const seen = JSON.parse(text.split('\n')[1]!) as Seen;
      expect(seen).toMatchObject({
        title: 'shop – ambit',
        elementsInNames: 0,
        download: 'blob:',
        widthOnPhone: 390,
        end: 'has ended',
      });
      const findings = (seen['findings'] as string[]).filter((each) => each !== 'LATE');
      expect(findings).toEqual(['DEADLOCK', 'STUCK', 'OVERDUE', 'CROWD']);
      // The last one asks whether the program is still there.
      expect((seen['complaints'] as string[]).filter((each) => !/410/.test(each))).toEqual([]);
      expect(seen.rows.slice(4, 8)).toEqual(['Plato', 'Kant', 'stubborn', 'late']);
      expect(seen.rows.some((name) => name.endsWith('red <b>注文</b>'))).toBe(true);
      expect(seen['filtered']).toEqual(
        expect.arrayContaining(['group orders', 'order 1', 'order 12']),
      );
      expect(seen['filtered']).not.toContain('Plato');
      expect((seen['byName'] as string[])[4]).toMatch(/red/);
      expect(seen['recorded']).toMatch(/^\d+ tasks and \d+ waits in /);
      expect(seen['colours']).toBeGreaterThan(3);
    }),
  ));

test('a program that is not there is told of at once', () => {
  expect(ambit('web', '999999999')).toMatchObject({ status: 1, stdout: '' });
  expect(ambit('web').status).toBe(2);
});
