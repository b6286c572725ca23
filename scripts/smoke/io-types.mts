// What users write with @ambit/io, which needs Node's types: compiled as types.mts is.
import {
  bufferedReader,
  connectTcp,
  events,
  listenTcp,
  lockFile,
  openFile,
  openProcess,
  ProcessError,
  readLines,
  runProcess,
  serveHttp,
  toThread,
  WorkerPool,
} from '@ambit/io';
import type { ByteStream, Listener, ProcessResult, TcpAddress } from '@ambit/io';
import { EventEmitter } from 'node:events';

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

export async function others(signal: AbortSignal): Promise<void> {
  const result: ProcessResult = await runProcess('ls', ['-l'], { signal });
  const process: AsyncDisposable = await openProcess('ls', []);
  await process[Symbol.asyncDispose]();
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
