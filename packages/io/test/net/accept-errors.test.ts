// rule 264
import { getRunningLoop, sleep, taskGroup } from '@ambit/core';
import { testRun } from '@ambit/core/testing';
import { connectTcp, listenTcp } from '@ambit/io';
import type { SocketStream } from '@ambit/io';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import type { Server, Socket } from 'node:net';
import { join } from 'node:path';
import { runInThisContext } from 'node:vm';

const host = '127.0.0.1';
// Jest's `process` is a copy, whose events are its own.
const theProcess = runInThisContext('process') as NodeJS.Process;

let server: Server;
let warnings: Error[];
const warned = (warning: Error): unknown => warnings.push(warning);

beforeEach(() => {
  warnings = [];
  theProcess.on('warning', warned);
  const create = net.createServer.bind(net);
  jest
    .spyOn(net, 'createServer')
    .mockImplementation(((options: object) => (server = create(options))) as never);
});

afterEach(() => {
  theProcess.off('warning', warned);
  jest.restoreAllMocks();
});

const failWith = (code: string): boolean =>
  server.emit('error', Object.assign(new Error(`accept ${code}`), { code, syscall: 'accept' }));

async function echo(stream: SocketStream): Promise<void> {
  for await (const piece of stream) await stream.send(piece);
}

async function ask(stream: SocketStream): Promise<string> {
  await stream.send('?');
  return String(await stream.receive());
}

test.each(['EMFILE', 'ENFILE', 'ENOBUFS'])(
  '%s: one warning, a pause, and it goes on',
  async (code) => {
    await taskGroup(async (group) => {
      const listener = await listenTcp({ port: 0, host });
      group.spawn(() => listener.serve(echo));
      const { port } = listener.address;
      const before = performance.now();
      failWith(code);
      failWith(code);
      const stream = await connectTcp({ host, port });
      expect(await ask(stream)).toBe('?');
      expect(performance.now() - before).toBeGreaterThan(95);
      expect(warnings).toHaveLength(1);
      expect(warnings[0]).toMatchObject({
        name: 'AcceptWarning',
        code,
        message: expect.stringMatching(
          `127.0.0.1:${String(port)} .*100 ms: accept ${code}`,
        ) as string,
      });
      await listener.close();
    });
  },
);

test('the pause is 100 ms, and leaves no timer when the listener is closed meanwhile', () =>
  testRun(async () => {
    const listener = await listenTcp({ port: 0, host });
    const start = getRunningLoop().now();
    failWith('EMFILE');
    await sleep(60);
    server.emit('connection', new net.Socket());
    const accepted = await listener.accept();
    expect(getRunningLoop().now() - start).toBe(100);
    expect(accepted.label).toBe('the connection from an unknown address');
    accepted.destroy();
    failWith('EMFILE');
    await listener.close();
  }));

test('any other error is the end: of serve() and of who waits to accept', async () => {
  await taskGroup(async (group) => {
    const served = await listenTcp({ port: 0, host });
    const serving = group.spawn(() =>
      served.serve(echo).catch((error: unknown) => ({ failed: error })),
    );
    const stream = await connectTcp({ host, port: served.address.port });
    expect(await ask(stream)).toBe('?');
    failWith('EBADF');
    expect(await serving).toMatchObject({ failed: { code: 'EBADF', syscall: 'accept' } });
    expect(await stream.receive().catch(() => undefined)).toBeUndefined();
    const listener = await listenTcp({ port: 0, host });
    const accept = group.spawn(() => listener.accept().catch((error: unknown) => error));
    await sleep(0);
    failWith('EBADF');
    expect(await accept).toMatchObject({ code: 'EBADF' });
    await expect(listener.accept()).rejects.toMatchObject({ code: 'EBADF' });
    expect(server.listening).toBe(false);
  });
});

test('a connection that arrives in the very turn in which serve() is cancelled is closed', () =>
  testRun(async (group) => {
    const listener = await listenTcp({ port: 0, host });
    const handled: unknown[] = [];
    const serving = group.spawn(() => listener.serve((stream) => handled.push(stream)));
    await sleep(1);
    const socket = new net.Socket();
    server.emit('connection', socket);
    serving.cancel();
    await serving.stop();
    expect(handled).toEqual([]);
    expect(socket.destroyed).toBe(true);
  }));

test('handlers that finish within the grace leave no timer behind', () =>
  testRun(async (group) => {
    const listener = await listenTcp({ port: 0, host });
    const serving = group.spawn(() =>
      listener.serve(async (stream) => {
        await sleep(50);
        stream.destroy();
      }),
    );
    await sleep(1);
    server.emit('connection', new net.Socket());
    const start = getRunningLoop().now();
    await listener.close({ grace: 5000 });
    await serving;
    expect(getRunningLoop().now() - start).toBeLessThan(4000);
  }));

// A process with few files.
test('out of files: the server lives, and serves again once there are some', async () => {
  const program = join(__dirname, '../fixtures/few-files.mjs');
  const child = spawn(
    '/bin/sh',
    ['-c', `ulimit -n 256; exec "$0" "$1"`, process.execPath, program],
    {
      stdio: ['pipe', 'pipe', 'pipe'],
    },
  );
  let complaints = '';
  child.stderr.on('data', (chunk) => (complaints += String(chunk)));
  const says = async (): Promise<string> => String((await once(child.stdout, 'data'))[0]).trim();
  const port = Number(await says());
  const dial = (): Socket => net.connect(port, host).on('error', () => undefined);
  child.stdin.write('fill\n');
  expect(await says()).toMatch(/^EMFILE EMFILE$/u);
  // The system lets go of them, or keeps them until there are files.
  const early = Array.from({ length: 5 }, () => dial().resume());
  await sleep(150);
  child.stdin.write('free\n');
  expect(await says()).toBe('free');
  const last = dial();
  last.write('back?');
  expect(String((await once(last, 'data'))[0])).toBe('back?');
  for (const socket of [...early, last]) socket.destroy();
  child.stdin.end('stop\n');
  expect(await once(child, 'close')).toEqual([0, null]);
  // At most one for each pause.
  expect(complaints.split('AcceptWarning: ').length).toBeLessThan(6);
});
