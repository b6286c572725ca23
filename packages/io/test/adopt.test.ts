import { once } from 'node:events';
import { existsSync } from 'node:fs';
import * as net from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { taskGroup } from '@ambit/core';
import type { TaskGroup } from '@ambit/core';
import {
  connectTcp,
  fromReadable,
  listenTcp,
  lockFile,
  memoryStreamPair,
  openFile,
  openProcess,
  openSignals,
  openUdp,
  temporaryDirectory,
  temporaryFile,
  textStream,
  WorkerPool,
} from '@ambit/io';
import type { ByteStream, SocketStream } from '@ambit/io';
import { PassThrough } from 'node:stream';
import { isRunning } from './support/process-probe.ts';
import { useFolder } from './support/temporary-folder.ts';

const host = '127.0.0.1';
const folder = useFolder();
let server: Server;
let port = 0;

beforeEach(async () => {
  server = net.createServer((socket) => void socket.on('error', () => undefined).resume());
  await new Promise<void>((resolve) => void server.listen(0, host, resolve));
  port = (server.address() as AddressInfo).port;
});
afterEach(() => new Promise((resolve) => void server.close(resolve)));

interface Kind<T extends AsyncDisposable> {
  readonly open: () => T | Promise<T>;
  readonly isOpen: (handle: T) => unknown;
}

const kind = <T extends AsyncDisposable>(
  open: Kind<T>['open'],
  isOpen: Kind<T>['isOpen'],
): Kind<AsyncDisposable> => ({ open, isOpen: isOpen as never });

const streamKind = <T extends AsyncDisposable & { send(data: string): Promise<void> }>(
  open: Kind<T>['open'],
): Kind<AsyncDisposable> =>
  kind(open, (stream) =>
    stream.send('x').then(
      () => true,
      () => false,
    ),
  );

const hasEnded = (stream: ByteStream): Promise<boolean> =>
  stream.receive(1, { signal: AbortSignal.timeout(5) }).then(
    () => true,
    (error: unknown) => (error as Error).name !== 'TimeoutError',
  );

const kinds: Record<string, Kind<AsyncDisposable>> = {
  connectTcp: streamKind(() => connectTcp({ host, port })),
  textStream: streamKind(async () => textStream(await connectTcp({ host, port }))),
  // The other end is closed with its group.
  memoryStreamPair: kind(
    () => memoryStreamPair()[0],
    (stream) =>
      stream.receive().then(
        () => true,
        () => false,
      ),
  ),
  fromReadable: kind(
    () => fromReadable(new PassThrough()),
    async (stream) => !(await hasEnded(stream)),
  ),
  listenTcp: kind(
    () => listenTcp({ host, port: 0 }),
    async ({ address }) => {
      const socket = net.connect(address.port, host);
      const isOpen = await once(socket, 'connect').then(
        () => true,
        () => false,
      );
      socket.destroy();
      return isOpen;
    },
  ),
  openUdp: kind(
    () => openUdp({ host }),
    (socket) =>
      socket.send('x', port, host).then(
        () => true,
        () => false,
      ),
  ),
  openFile: kind(
    () => openFile(__filename) as Promise<Awaited<ReturnType<typeof openFile>> & AsyncDisposable>,
    (file) => file.fd >= 0,
  ),
  lockFile: kind(
    () => lockFile(folder.path('lock')),
    () => existsSync(folder.path('lock')),
  ),
  temporaryDirectory: kind(temporaryDirectory, ({ path }) => existsSync(path)),
  temporaryFile: kind(temporaryFile, ({ path }) => existsSync(path)),
  openProcess: kind(
    () => openProcess('cat', []),
    async ({ pid, stdin, stdout, stderr }) => {
      if (!isRunning(pid)) return false;
      await stdin!.send('x');
      expect(await stdout!.receive(1)).toEqual(Buffer.from('x'));
      return !(await hasEnded(stderr!));
    },
  ),
  openSignals: kind(
    () => openSignals('SIGUSR2'),
    () => process.listenerCount('SIGUSR2') > 0,
  ),
  WorkerPool: kind(
    () => new WorkerPool({ size: 1 }),
    (pool) =>
      pool.run('node:path', 'basename', ['a/b']).then(
        () => true,
        () => false,
      ),
  ),
};

test.each(Object.entries(kinds))('%s: the group that adopts it closes it', async (_name, kind) => {
  let handle!: AsyncDisposable;
  await taskGroup(async (outer) => {
    await taskGroup(async () => {
      handle = await kind.open();
      expect(outer.adopt(handle)).toBe(handle);
    });
    expect(await kind.isOpen(handle)).toBe(true);
    // Once more, into one that ends first.
    await taskGroup((inner) => void inner.adopt(handle));
    expect(await kind.isOpen(handle)).toBe(false);
    outer.adopt(handle);
  });
  expect(await kind.isOpen(handle)).toBe(false);
});

test('a connection of a service outlives its handler', async () => {
  await taskGroup(async (group) => {
    const listener = await listenTcp({ host, port: 0 });
    const kept: SocketStream[] = [];
    const keep = (to: TaskGroup): Promise<void> =>
      listener.serve((stream) => {
        kept.push(to.adopt(stream));
      });
    await taskGroup(async (owner) => {
      group.spawn(() => keep(owner));
      const client = await connectTcp(listener.address);
      await client.send('x');
      while (kept.length === 0) await new Promise((resolve) => void setTimeout(resolve, 5));
      await kept[0]!.send('still there');
      expect(Buffer.from((await client.receive())!).toString()).toBe('still there');
    });
    await expect(kept[0]!.send('x')).rejects.toThrow(/close/);
    await listener.close();
  });
});
