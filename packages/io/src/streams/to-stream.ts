import type { Readable, Writable } from 'node:stream';
import { contextSnapshot, isCancelled } from '@ambit/core';
import { checkOneOf, checkOptions } from '@ambit/core/lowlevel';
import { node } from '../node.ts';
import type { ByteStream } from './byte-stream.ts';
import { checkMethod } from '../check.ts';
import { ClosedResourceError } from '../errors.ts';
import { own } from '../ownership.ts';

/** Options for `toReadable` and `toWritable`. */
export interface ToStreamOptions<As extends 'node' | 'web'> {
  /** Whose stream it is to be: Node's (the default), or the web's. */
  readonly as?: As | undefined;
}

/**
 * Makes a stream of Node's, or of the web's, that reads from a ByteStream, for code that takes such streams. It receives
 * as far ahead as those do. An error of the stream, and a cancellation where this was called, is an error of the result. Destroying or
 * cancelling it before its end destroys the ByteStream, and the group around the call does so at its end; at its end it
 * leaves the ByteStream open.
 *
 * @param stream - where it comes from
 * @param options - `as`: `node` (default) or `web`
 * @throws TypeError for bad arguments
 * @example
 * await pipeline(toReadable(stream), createGunzip(), createWriteStream('copy'));
 * @example
 * new Response(toReadable(stream, { as: 'web' }));
 */
export function toReadable(stream: ByteStream, options?: ToStreamOptions<'node'>): Readable;
export function toReadable(
  stream: ByteStream,
  options: ToStreamOptions<'web'>,
): ReadableStream<Uint8Array>;
export function toReadable(
  stream: ByteStream,
  options?: ToStreamOptions<'node' | 'web'>,
): Readable | ReadableStream<Uint8Array> {
  checkMethod('toReadable', 'stream', stream, 'receive', 'a ByteStream');
  checkAs('toReadable', options);
  return options?.as === 'web' ? webReadable(stream) : nodeReadable(stream);
}

/**
 * Sends to a ByteStream what is written to one of Node's streams, or of the web's, with back-pressure. Ending it sends
 * the end and leaves the ByteStream open. An error of the stream, and a cancellation where this was called, is an error
 * of the result. Destroying or aborting it before its end destroys the ByteStream, and the group around the call does so
 * at its end.
 *
 * @param stream - where it goes
 * @param options - `as`: `node` (default) or `web`
 * @returns the stream to write to
 * @throws TypeError for bad arguments
 * @example
 * await pipeline(createReadStream('data'), createGzip(), toWritable(stream));
 */
export function toWritable(stream: ByteStream, options?: ToStreamOptions<'node'>): Writable;
export function toWritable(
  stream: ByteStream,
  options: ToStreamOptions<'web'>,
): WritableStream<Uint8Array | string>;
export function toWritable(
  stream: ByteStream,
  options?: ToStreamOptions<'node' | 'web'>,
): Writable | WritableStream<Uint8Array | string> {
  checkMethod('toWritable', 'stream', stream, 'send', 'a ByteStream');
  checkAs('toWritable', options);
  return options?.as === 'web' ? webWritable(stream) : nodeWritable(stream);
}

function checkAs(where: string, options: ToStreamOptions<'node' | 'web'> | undefined): void {
  checkOptions(where, options);
  checkOneOf(where, 'as', options?.as ?? 'node', ['node', 'web']);
}

/** What stands between a ByteStream and a stream that others drive: calls come from anywhere, and end with it. */
class Bridge implements AsyncDisposable {
  readonly #stream: ByteStream;
  readonly #shut: () => void;
  // As if called where the bridge was made, in any context that reads or writes.
  readonly #inside = contextSnapshot();
  readonly #controller = new AbortController();
  readonly #holding = own(this);
  #isOver = false;

  /** @param shut - ends the stream that others drive, which is to `abandon` this */
  constructor(stream: ByteStream, shut: () => void) {
    this.#stream = stream;
    this.#shut = shut;
  }

  async receive(): Promise<Uint8Array | undefined> {
    const { signal } = this.#controller;
    const bytes = await this.#inside(() => this.#stream.receive(undefined, { signal }));
    if (bytes === undefined) this.#leave();
    return bytes;
  }

  send(data: Uint8Array | string): Promise<void> {
    const { signal } = this.#controller;
    return this.#inside(() => this.#stream.send(data, { signal }));
  }

  async sendEof(): Promise<void> {
    const { signal } = this.#controller;
    await this.#inside(() => this.#stream.sendEof({ signal }));
    this.#leave();
  }

  /** Destroys the stream, unless its end was reached. */
  abandon(): void {
    if (this.#isOver) return;
    this.#leave();
    this.#controller.abort(new ClosedResourceError('the stream that this went through is closed'));
    this.#stream.destroy();
  }

  #leave(): void {
    this.#isOver = true;
    this.#holding.release();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#shut();
    this.abandon();
    return Promise.resolve();
  }
}

function nodeReadable(stream: ByteStream): Readable {
  const readable = new node.stream.Readable({
    read: () => {
      bridge.receive().then(
        (bytes) => readable.push(bytes ?? null),
        (error: unknown) => readable.destroy(errorFor(readable, error)),
      );
    },
    destroy: (error, done) => {
      bridge.abandon();
      done(error);
    },
  });
  const bridge = new Bridge(stream, () => readable.destroy());
  return readable;
}

function nodeWritable(stream: ByteStream): Writable {
  const writable = new node.stream.Writable({
    write: (chunk: Uint8Array, _encoding, done) => {
      bridge.send(chunk).then(() => done(), failed);
    },
    final: (done) => {
      bridge.sendEof().then(() => done(), failed);
    },
    destroy: (error, done) => {
      bridge.abandon();
      done(error);
    },
  });
  const failed = (error: unknown): void => void writable.destroy(errorFor(writable, error));
  const bridge = new Bridge(stream, () => writable.destroy());
  return writable;
}

/** A cancellation is emitted if there are listeners; an 'error' without listeners would end the process. */
function errorFor(stream: Readable | Writable, error: unknown): Error | undefined {
  return isCancelled(error) && stream.listenerCount('error') === 0 ? undefined : (error as Error);
}

function webReadable(stream: ByteStream): ReadableStream<Uint8Array> {
  let shut = (): void => undefined;
  const bridge = new Bridge(stream, () => shut());
  return new node.webStreams.ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        shut = () => controller.error(closed());
      },
      pull: async (controller) => {
        const bytes = await orAbandon(bridge, () => bridge.receive());
        if (bytes === undefined) controller.close();
        else controller.enqueue(bytes);
      },
      cancel: () => bridge.abandon(),
    },
    { highWaterMark: 0 },
  );
}

function webWritable(stream: ByteStream): WritableStream<Uint8Array | string> {
  let shut = (): void => undefined;
  const bridge = new Bridge(stream, () => shut());
  return new node.webStreams.WritableStream<Uint8Array | string>({
    start: (controller) => {
      shut = () => controller.error(closed());
    },
    write: (chunk) => orAbandon(bridge, () => bridge.send(chunk)),
    close: () => orAbandon(bridge, () => bridge.sendEof()),
    abort: () => bridge.abandon(),
  });
}

/** A web stream that failed is not told of its end any more. */
async function orAbandon<T>(bridge: Bridge, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    bridge.abandon();
    throw error;
  }
}

function closed(): ClosedResourceError {
  return new ClosedResourceError('the task group in which this stream was made has ended');
}
