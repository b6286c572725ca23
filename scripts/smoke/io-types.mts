// What users write with @ambit/io, which needs Node's types: compiled as types.mts is.
import {
  bufferedReader,
  connectTcp,
  events,
  fetch,
  fromDuplex,
  fromReadable,
  fromWritable,
  listenTcp,
  lockFile,
  openFile,
  openProcess,
  pipe,
  ProcessError,
  readLines,
  runProcess,
  serveHttp,
  toReadable,
  toThread,
  toWritable,
  WorkerPool,
} from '@ambit/io';
import type { ByteStream, Listener, ProcessResult, TcpAddress } from '@ambit/io';
import { EventEmitter } from 'node:events';
import * as web from 'node:stream/web';

export async function streams(): Promise<void> {
  const listener: Listener<TcpAddress> = await listenTcp({ port: 0 });
  const serving = listener.serve(async (stream: ByteStream) => {
    for await (const bytes of stream) await stream.send(bytes);
  });
  const stream = await connectTcp({ host: '127.0.0.1', port: listener.address.port });
  const line: string | undefined = await bufferedReader(stream).readLine();
  await stream.send(line ?? '');
  // @ts-expect-error: bytes or a text.
  await stream.send(1);
  await listener.close();
  await serving;
}

/** Of Node's types and of the DOM's: which of them the globals are depends on the program. */
export async function webStreams(): Promise<void> {
  const { body } = await fetch('https://example.org');
  if (body === null) return;
  const piped: number = await pipe(body, new web.WritableStream<Uint8Array>());
  const streams: ByteStream[] = [
    fromReadable(body),
    fromReadable(new ReadableStream<Uint8Array>()),
    fromReadable(new web.ReadableStream<Uint8Array>()),
    fromWritable(new WritableStream<Uint8Array>()),
    fromWritable(new web.WritableStream<Uint8Array>()),
    fromDuplex(new TransformStream()),
    fromDuplex(new web.TransformStream()),
    fromDuplex(new web.CompressionStream('gzip')),
  ];
  for (const stream of streams) {
    const readable: ReadableStream<Uint8Array> = toReadable(stream, { as: 'web' });
    const writable: WritableStream<Uint8Array> = toWritable(stream, { as: 'web' });
    new Response(readable).body?.pipeTo(writable);
  }
  // @ts-expect-error: a stream.
  fromReadable(piped);
}

export async function others(signal: AbortSignal): Promise<void> {
  const result: ProcessResult = await runProcess('ls', ['-l'], { signal });
  const process: AsyncDisposable = await openProcess('ls', []);
  await process[Symbol.asyncDispose]();
  const encoding = signal.aborted ? 'buffer' : 'utf8';
  const either: ProcessResult<string | Buffer> = await runProcess('ls', [], { encoding });
  void either.stdout;
  if (result.code !== 0) throw new ProcessError('no', 'ls', ['-l'], result);
}

export async function more(): Promise<void> {
  const sum: number = await toThread<number>('./work.js', 'sum', 1, 2);
  const pool: AsyncDisposable = new WorkerPool({ size: sum });
  await pool[Symbol.asyncDispose]();
  for await (const [first] of events(new EventEmitter(), 'data')) void first;
  for await (const line of readLines('notes.txt')) line.trim();
  const file = await openFile('notes.txt', 'r');
  await file.close();
  const lock: AsyncDisposable = await lockFile('notes.lock');
  await lock[Symbol.asyncDispose]();
  await serveHttp((request, response) => void response.end(request.url), { port: 0 });
}
