// Every call that waits takes `{ signal }` at its end, beside the ambient scope.
import { taskGroup } from '@ambit/core';
import * as io from '@ambit/io';
import { serveInspector } from '@ambit/io/inspect';
import type { ServerResponse } from 'node:http';
import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import { besides, refusals, signalLaws } from '../../../core/test/support/signal-laws.ts';
import { useFolder } from '../support/temporary-folder.ts';

const folder = useFolder();
const runner = (body: () => Promise<void>) => taskGroup(body);

/** A stream on which nothing comes, whose other end reads nothing. */
const quiet = () => io.memoryStreamPair()[0];
const fromNode = () => io.fromDuplex(new PassThrough());
const reader = () => io.bufferedReader(quiet());

async function listening<T>(use: (listener: io.Listener<io.TcpAddress>) => Promise<T>): Promise<T> {
  const listener = await io.listenTcp({ port: 0, host: '127.0.0.1' });
  try {
    return await use(listener);
  } finally {
    await listener.close().catch(() => undefined);
  }
}

/** A response whose client neither reads nor leaves. */
function response(): ServerResponse {
  const made = new EventEmitter();
  const nothing = () => made;
  return Object.assign(made, {
    ...{ req: { headers: {} }, statusCode: 200, destroyed: false, writableNeedDrain: false },
    ...{ writeHead: nothing, flushHeaders: nothing, write: () => true, end: nothing },
    ...{ destroy: nothing },
  }) as unknown as ServerResponse;
}

signalLaws(
  {
    'ByteStream.receive': (o) => quiet().receive(undefined, o),
    'ByteStream.send': (o) => quiet().send(new Uint8Array(10_000_000), o),
    'BufferedReader.read': (o) => reader().read(undefined, o),
    'BufferedReader.readExactly': (o) => reader().readExactly(1, o),
    'BufferedReader.readUntil': (o) => reader().readUntil('\n', o),
    'BufferedReader.readLine': (o) => reader().readLine(o),
    'BufferedReader.lines': (o) => reader().lines(o),
    'TextStream.receive': (o) => io.textStream(quiet()).receive(o),
    pipe: (o) => io.pipe(quiet(), quiet(), o),
    once: (o) => io.once(new EventEmitter(), 'x', o),
    events: (o) => io.events(new EventEmitter(), 'x', o),
    openSignals: (o) => io.openSignals('SIGUSR2', o),
    'Listener.accept': (o) => listening((listener) => listener.accept(o)),
    'Listener.serve': (o, body) => listening((listener) => listener.serve(body, o)),
    sse: (o, body) => io.sse(response(), { [Symbol.asyncIterator]: () => ({ next: body }) }, o),
  },
  runner,
);

refusals(
  {
    connectTcp: (o) => io.connectTcp(besides(o, { port: 1, host: '127.0.0.1' })),
    listenTcp: (o) => io.listenTcp(besides(o, { port: 0 })),
    listenUnix: (o) => io.listenUnix('x', o),
    openUdp: (o) => io.openUdp(o),
    serveHttp: (o, body) => io.serveHttp(body, besides(o, { port: 0 })),
    runProcess: (o) => io.runProcess('true', [], o),
    openProcess: (o) => io.openProcess('true', [], o),
    openFile: (o) => io.openFile('x', 'r', o),
    // A string is an encoding.
    readFile: (o) => io.readFile('x', typeof o === 'string' ? (5 as never) : o),
    readLines: (o) => io.readLines('x', o),
    writeFile: (o) => io.writeFile('x', '', o),
    walk: (o) => io.walk('x', o),
    watch: (o) => io.watch('x', o),
    copy: (o) => io.copy('x', 'y', o),
    lookup: (o) => io.lookup('localhost', o),
    lockFile: (o) => io.lockFile('x', o),
    temporaryDirectory: (o) => io.temporaryDirectory(o),
    temporaryFile: (o) => io.temporaryFile(o),
    serveInspector: (o) => serveInspector(o),
    'ByteStream.sendEof': (o) => quiet().sendEof(o),
    'ByteStream.receive, of a Node stream': (o) => fromNode().receive(undefined, o),
    'ByteStream.send, to a Node stream': (o) => fromNode().send('x', o),
    'ByteStream.sendEof, to a Node stream': (o) => fromNode().sendEof(o),
    'Process.wait': async (o) => {
      await using child = await io.openProcess('true');
      return await child.wait(o);
    },
    'UdpSocket.send': async (o) => {
      await using socket = await io.openUdp();
      await socket.send('x', 9, '127.0.0.1', o);
    },
    'UdpSocket.receive': async (o) => {
      await using socket = await io.openUdp();
      return await socket.receive(o);
    },
    'WorkerPool.run': (o) => new io.WorkerPool().run('x', 'f', [], o),
    'FileHandle.readFile': async (o) => {
      await using file = await io.openFile(process.execPath);
      return await file.readFile({ signal: (o as typeof o | null)?.signal ?? (5 as never) });
    },
  },
  runner,
);

test('the inspector ends by a signal, and its socket is gone', async () => {
  const path = folder.path('inspector.sock');
  const reason = new Error('enough');
  const controller = new AbortController();
  const serving = serveInspector({ path, signal: controller.signal });
  const outcome = serving.catch((error: unknown) => error);
  for (;;) {
    const socket = await io.connectUnix(path).catch(() => undefined);
    if (socket === undefined) continue;
    await socket.close();
    break;
  }
  controller.abort(reason);
  expect(await outcome).toBe(reason);
  await expect(io.connectUnix(path)).rejects.toMatchObject({ code: 'ENOENT' });
});

test('a receiver of signals that was ended by its signal listens no more', async () => {
  const before = process.listenerCount('SIGUSR2');
  const controller = new AbortController();
  const receiver = io.openSignals('SIGUSR2', { signal: controller.signal });
  const next = receiver[Symbol.asyncIterator]().next();
  controller.abort('enough');
  await expect(next).rejects.toBe('enough');
  expect(process.listenerCount('SIGUSR2')).toBe(before);
});
