import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { CancelScope, sleepForever, taskGroup, timeout } from '@ambit/core';
import * as commands from '../../src/command/commands.ts';
import { completionOf } from '../../src/command/completion.ts';
import { serveWeb } from '../../src/command/web.ts';
import { inspectorFolder, serveInspector } from '../../src/inspect.ts';
import { useOwnDirectory, withProgram } from '../support/inspected-program.ts';

// The commands as functions, on this process itself: what they print, and how they fail. What the program `ambit` makes of them
// is in the other tests here.

jest.setTimeout(60_000);
const home = useOwnDirectory();

const usual: commands.Arguments = {
  pid: `${process.pid}`,
  json: false,
  yes: false,
  ms: '20',
  every: '100',
  port: '9229',
};

/** Calls a command while this process can be looked into, and returns what it prints. */
async function printed(
  name: 'ps' | 'tree' | 'top' | 'trace',
  given: Partial<commands.Arguments> = {},
): Promise<string> {
  const lines: string[] = [];
  await inspected(() => commands[name]({ ...usual, ...given }, (text) => lines.push(text)));
  return lines.join('\n');
}

async function inspected(body: () => Promise<unknown>): Promise<void> {
  await taskGroup(async (group) => {
    const socket = join(inspectorFolder(), `${process.pid}.sock`);
    group.spawn(() => serveInspector({ name: 'test' }), { daemon: true, name: 'inspector' });
    group.spawn(() => timeout(1, () => sleepForever()).catch(() => undefined), { name: 'short' });
    while (!existsSync(socket)) await new Promise((resolve) => setTimeout(resolve, 5));
    await body();
  });
}

test('ps lists the programs, tree and top show one, as text and as JSON', async () => {
  expect(await printed('ps')).toMatch(new RegExp(`^${process.pid} .* tasks +ok +test$`));
  expect(JSON.parse(await printed('ps', { json: true }))).toMatchObject([{ name: 'test' }]);
  expect(await printed('tree')).toMatch(/task inspector: running, .*daemon/);
  expect(JSON.parse(await printed('tree', { json: true }))).toMatchObject({ name: 'test' });
  const seen = await printed('top', { count: '2' });
  expect(seen.match(/^each second: /gm)).toHaveLength(2);
  expect(JSON.parse(await printed('top', { count: '1', json: true }))).toHaveProperty('busiest');
});

test('the first digits of an id are enough, and too few of them are refused', async () => {
  const pid = `${process.pid}`;
  expect(await printed('tree', { pid: pid.slice(0, -1) })).toContain(`pid ${pid}`);
  await expect(printed('tree', { pid: 'x' })).rejects.toThrow(commands.UsageError);
});

test('trace prints what was recorded, or writes it into a file', async () => {
  expect(JSON.parse(await printed('trace'))).toHaveProperty('traceEvents');
  const out = join(home.path, 'trace.json');
  expect(await printed('trace', { out })).toContain('open it in Perfetto');
  expect(JSON.parse(readFileSync(out, 'utf8'))).toHaveProperty('traceEvents');
  await expect(printed('trace', { ms: 'soon' })).rejects.toThrow('--ms is soon');
});

test('with no program there is a hint', async () => {
  const lines: string[] = [];
  await commands.ps(usual, (text) => lines.push(text));
  expect(lines.join('\n')).toMatch(/^No program can be looked into/);
  await expect(commands.tree(usual, () => undefined)).rejects.toThrow('can be looked into');
});

async function ask(url: string, headers: Record<string, string> = {}): Promise<IncomingMessage> {
  const asked = request(url, { agent: false, headers });
  asked.end();
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  return response;
}

test('web answers by reports and records to those that have its address', () =>
  inspected(async () => {
    const scope = new CancelScope();
    await scope.run(() =>
      taskGroup(async (group) => {
        const address = await group.start<string>((_, started) =>
          serveWeb(`${process.pid}`, (text) => {
            started(text.split('\n')[0]!);
          }),
        );
        const at = (path: string): string => address.replace('/?', `${path}?`);
        const watched = await ask(at('/watch'));
        const [event] = (await once(watched, 'data')) as [Buffer];
        watched.destroy();
        expect(String(event)).toMatch(/^data: \{"name":"test"/);
        let record = '';
        for await (const piece of await ask(`${at('/trace')}&ms=20`)) record += String(piece);
        expect(JSON.parse(record)).toHaveProperty('traceEvents');
        expect((await ask(at('/nothing'))).resume().statusCode).toBe(404);
        expect((await ask(at('/watch'), { host: 'evil' })).resume().statusCode).toBe(403);
        expect((await ask(address.slice(0, -4))).resume().statusCode).toBe(401);
        scope.cancel();
      }),
    );
  }));

test('attach shows a program by its debugger', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const port = `${(server.address() as AddressInfo).port}`;
  server.close();
  await withProgram(
    'shop.mjs',
    async ({ pid }) => {
      const lines: string[] = [];
      const given = { ...usual, pid: `${pid}`, yes: true, port };
      await commands.attach(given, (text) => lines.push(text));
      expect(lines[0]).toMatch(/^DEADLOCK/);
      process.kill(pid, 'SIGUSR2');
      lines.length = 0;
      await commands.attach(given, (text) => lines.push(text));
      expect(lines[0]).toMatch(/^BLOCKED/);
    },
    { args: ['closed'], env: { NODE_OPTIONS: `--inspect-port=${port}` } },
  );
  await expect(commands.attach({ ...usual, pid: 'x' }, () => undefined)).rejects.toThrow(
    'pid is x',
  );
});

test('the completion names the commands that it is given', () => {
  expect(completionOf(['one', 'two'])).toContain('compgen -W "one two"');
});
