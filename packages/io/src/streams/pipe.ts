import { checkFunction, checkOptions, checkSignal } from '@ambit/core/lowlevel';
import type { ByteStream } from './byte-stream.ts';
import { under } from '../cancellable.ts';
import type { WaitOptions } from '../cancellable.ts';
import { fromReadable, fromWritable } from './from-stream.ts';
import type { ReadableSource, WritableTarget } from './from-stream.ts';

/** Options for `pipe`. */
export interface PipeOptions extends WaitOptions {
  /** Called after each piece with the count of bytes sent so far. */
  readonly onProgress?: ((done: number) => void) | undefined;
}

/**
 * Sends what it receives from one stream to another, at the pace of the slower one, until the first ends; then it sends
 * the end on. If it fails or is cancelled the end is not sent on: what came is not taken for the whole. ByteStreams stay
 * open in any case; streams of Node's and the web's are used up, and destroyed if this fails. The process's stdout and
 * stderr stay open.
 *
 * @param source - a ByteStream, or what `fromReadable` takes
 * @param destination - a ByteStream, or what `fromWritable` takes
 * @param options - `onProgress`: see there, what it throws ends the pipe; `signal`
 * @returns how many bytes there were
 * @throws (rejects) what receiving and sending do; what `onProgress` throws; the ambient scope's CancelledError;
 *   `signal.reason`; TypeError for bad arguments
 * @example
 * await using file = await openFile('song.mp3');
 * await pipe(file.createReadStream(), stream, { onProgress: (done) => bar.update(done) });
 */
export async function pipe(
  source: Pick<ByteStream, 'receive'> | ReadableSource,
  destination: Pick<ByteStream, 'send' | 'sendEof'> | WritableTarget,
  options?: PipeOptions,
): Promise<number> {
  checkOptions('pipe', options);
  checkSignal('pipe', options?.signal);
  const onProgress = options?.onProgress;
  if (onProgress !== undefined) checkFunction('pipe', 'onProgress', onProgress);
  const report: Report = (done) => onProgress?.call(options, done);
  return under(options?.signal, () => pipeAdapted(source, destination, report));
}

type Report = (done: number) => void;

async function pipeAdapted(
  source: Pick<ByteStream, 'receive'> | ReadableSource,
  destination: Pick<ByteStream, 'send' | 'sendEof'> | WritableTarget,
  report: Report,
): Promise<number> {
  const adapted: ByteStream[] = [];
  const adopt = (stream: ByteStream): ByteStream => {
    adapted.push(stream);
    return stream;
  };
  try {
    const from = isSource(source) ? source : adopt(fromReadable(source));
    const to = isDestination(destination) ? destination : adopt(fromWritable(destination));
    return await pump(from, to, report);
  } finally {
    // What has ended is only let go of.
    for (const stream of adapted) stream.destroy();
    for (const stream of adapted) await stream[Symbol.asyncDispose]();
  }
}

async function pump(
  source: Pick<ByteStream, 'receive'>,
  destination: Pick<ByteStream, 'send' | 'sendEof'>,
  report: Report,
): Promise<number> {
  let done = 0;
  for (;;) {
    const bytes = await source.receive();
    if (bytes === undefined) break;
    await destination.send(bytes);
    done += bytes.length;
    report(done);
  }
  await destination.sendEof();
  return done;
}

function isSource(stream: object | undefined): stream is Pick<ByteStream, 'receive'> {
  return typeof (stream as Partial<ByteStream> | undefined)?.receive === 'function';
}

function isDestination(stream: object | undefined): stream is Pick<ByteStream, 'send' | 'sendEof'> {
  return typeof (stream as Partial<ByteStream> | undefined)?.sendEof === 'function';
}
