import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

const program = resolve(__dirname, '../dist/reverse-proxy.js');

// A process for each test, on a machine that is busy with other tests.
jest.setTimeout(90_000);

const cleanup: (() => unknown)[] = [];

beforeAll(() => {
  if (!existsSync(program))
    throw new Error('examples are not built; run `npm test`, or `npm run build`');
});

afterEach(async () => {
  for (const step of cleanup.splice(0)) await step();
});

/** A server behind the proxy. */
async function upstream(
  handler: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<string> {
  const server = createServer(handler).listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanup.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function proxy(...args: string[]) {
  const child = spawn(process.execPath, ['--trace-warnings', program, '--port', '0', ...args], {
    cwd: join(__dirname, '..'),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  cleanup.push(() => child.kill('SIGKILL'));
  let err = '';
  child.stderr.on('data', (chunk) => (err += String(chunk)));
  const ended = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  const [url] = (await once(createInterface(child.stdout), 'line')) as [string];
  return {
    url,
    /** How it ends when it is told to. */
    stop: async () => {
      child.kill('SIGTERM');
      const [code, signal] = await ended;
      return { end: signal ?? code, err };
    },
  };
}

const clean = { end: 'SIGTERM', err: '' };

test('hands on method, path, headers and body, and the answer back', async () => {
  const behind = await upstream((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += String(chunk)));
    request.on('end', () => {
      response.setHeader('set-cookie', ['a=1', 'b=2']).setHeader('x-back', 'yes');
      const { 'x-there': there, 'x-forwarded-for': client, connection } = request.headers;
      response
        .writeHead(201, 'Made')
        .end(JSON.stringify([request.method, request.url, there, client, connection, body]));
    });
  });
  const { url, stop } = await proxy(behind);
  const init = { method: 'POST', body: 'a body', headers: { 'x-there': 'yes' } };
  const response = await fetch(`${url}/path?query`, init);
  expect([response.status, response.statusText]).toEqual([201, 'Made']);
  expect(response.headers.get('x-back')).toBe('yes');
  expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
  expect(await response.json()).toEqual([
    'POST',
    '/path?query',
    'yes',
    '127.0.0.1',
    'keep-alive',
    'a body',
  ]);
  expect((await fetch(`${url}/head`, { method: 'HEAD' })).headers.get('x-back')).toBe('yes');
  expect(await stop()).toEqual(clean);
});

test('streams: what is there goes on before there is more', async () => {
  let more: () => void = () => undefined;
  const behind = await upstream((request, response) => {
    response.write('first');
    more = () => response.end(', last');
  });
  const { url, stop } = await proxy(behind);
  const reader = (await fetch(url)).body!.getReader();
  expect(Buffer.from((await reader.read()).value).toString()).toBe('first');
  more();
  expect(Buffer.from((await reader.read()).value).toString()).toBe(', last');
  expect((await reader.read()).done).toBe(true);
  expect(await stop()).toEqual(clean);
});

test('asks the next one if one is slow, takes what comes first, and cancels the other', async () => {
  let cancelled: () => void = () => undefined;
  const wasCancelled = new Promise<void>((wake) => (cancelled = wake));
  const slow = await upstream((request, response) => void response.on('close', cancelled));
  const quick = await upstream((request, response) => response.end('quick'));
  const { url, stop } = await proxy('--stagger', '50', slow, quick);
  expect(await (await fetch(url)).text()).toBe('quick');
  await wasCancelled;
  // What may not be asked twice goes to one alone; now it is the turn of the other.
  expect(await (await fetch(url, { method: 'POST' })).text()).toBe('quick');
  expect(await stop()).toEqual(clean);
});

test('asks the next one at once if one fails; 502 if all do', async () => {
  const gone = createServer().listen(0, '127.0.0.1');
  await once(gone, 'listening');
  const dead = `http://127.0.0.1:${(gone.address() as AddressInfo).port}`;
  gone.close();
  let busy = false;
  const other = await upstream((request, response) =>
    response.writeHead(busy ? 503 : 200).end('fine'),
  );
  const { url, stop } = await proxy('--stagger', '20000', dead, other);
  expect(await (await fetch(url)).text()).toBe('fine');
  busy = true;
  expect((await fetch(url)).status).toBe(502);
  expect(await stop()).toEqual({
    end: 'SIGTERM',
    err: expect.stringMatching(/^502: .*answered 503; .*fetch failed\n$/) as string,
  });
});

test('answers 504 if nobody begins to answer in time', async () => {
  const { url, stop } = await proxy('--timeout', '60', await upstream(() => undefined));
  const response = await fetch(url);
  expect([response.status, await response.text()]).toEqual([504, 'no answer in time\n']);
  expect(await stop()).toEqual(clean);
});

test.each(['before the answer', 'in the middle of it'])(
  'a client that goes away %s cancels what was asked for it',
  async (when) => {
    let [asked, cancelled] = [() => {}, () => {}];
    const wasAsked = new Promise<void>((wake) => (asked = wake));
    const wasCancelled = new Promise<void>((wake) => (cancelled = wake));
    const behind = await upstream((request, response) => {
      if (when === 'in the middle of it') response.write('half');
      response.on('close', cancelled);
      asked();
    });
    const { url, stop } = await proxy(behind);
    const client = new AbortController();
    const answer = fetch(url, { signal: client.signal });
    if (when === 'in the middle of it') await (await answer).body!.getReader().read();
    await wasAsked;
    client.abort();
    await answer.catch(() => undefined);
    await wasCancelled;
    expect(await stop()).toEqual(clean);
  },
);

test('told to stop, finishes what is under way', async () => {
  let answer: () => void = () => undefined;
  const asked = new Promise<void>((wake) => {
    answer = wake;
  });
  let finish: () => void = () => undefined;
  const behind = await upstream((request, response) => {
    response.write('to the ');
    finish = () => response.end('end');
    answer();
  });
  const { url, stop } = await proxy(behind);
  const text = fetch(url).then((response) => response.text());
  await asked;
  const stopped = stop();
  await new Promise((wake) => setTimeout(wake, 200));
  finish();
  expect(await text).toBe('to the end');
  expect(await stopped).toEqual(clean);
});
