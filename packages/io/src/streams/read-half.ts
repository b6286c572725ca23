import { checkOptions, park, show, throwIfCancelled, yieldIfDue } from '@ambit/core/lowlevel';
import type { Waker } from '@ambit/core/lowlevel';
import type { Readable } from 'node:stream';
import type { WaitOptions } from '../cancellable.ts';
import { INTERRUPTED } from '../pieces.ts';
import { checkMax } from './byte-stream.ts';
import type { StreamFaults } from './stream-faults.ts';

/** The half of a {@link NodeByteStream} that receives. Without a readable there is nothing to receive. */
export class ReadHalf {
  #readable: Readable | undefined;
  readonly #faults: StreamFaults;
  #isClosed = false;
  #isListening = false;
  /** Until its caller goes on; one that is cancelled has left at once, whenever its caller goes on. */
  #isReceiving = false;
  /** Received already, and more than was asked for. */
  #rest: Uint8Array | undefined;
  #receiver: Waker<void> | undefined;

  constructor(readable: Readable | undefined, faults: StreamFaults) {
    this.#readable = readable;
    this.#faults = faults;
  }

  get isReceiving(): boolean {
    return this.#isReceiving;
  }

  // No async function: connections are idle here, by the ten thousand, and each would keep its frame.
  receive(max?: number, options?: WaitOptions): Promise<Uint8Array | undefined> {
    try {
      checkMax(max);
      checkOptions('receive', options);
      throwIfCancelled(options);
      if (this.#isReceiving) throw this.#faults.busy('receive');
      const data = this.#take(max);
      if (data === 'nothing yet') return this.#waitAndTake(max, options);
      return yieldIfDue()?.then(() => data) ?? Promise.resolve(data);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #waitAndTake(
    max: number | undefined,
    options: WaitOptions | undefined,
  ): Promise<Uint8Array | undefined> {
    return this.#untilReadable(options).then(() => {
      this.#isReceiving = false;
      const data = this.#take(max);
      return data === 'nothing yet' ? this.#waitAndTake(max, options) : data;
    });
  }

  #untilReadable(options: WaitOptions | undefined): Promise<void> {
    return park<void>(
      (waker) => {
        this.#listen();
        this.#receiver = waker;
        this.#isReceiving = true;
        return () => void this.#leave();
      },
      { signal: options?.signal, name: () => `receive from ${this.#faults.label}` },
    );
  }

  #take(max: number | undefined): Uint8Array | undefined | 'nothing yet' {
    if (this.#isClosed) throw this.#faults.closed('receive');
    const readable = this.#readable;
    if (readable === undefined) throw this.#faults.oneWay('receive', 'sent to');
    const bytes = this.#takeRest() ?? takeAll(readable);
    if (bytes !== undefined) return this.#cut(bytes, max);
    if (readable.readableEnded) return undefined;
    if (readable.errored !== null || readable.destroyed)
      throw this.#faults.broken('receive from', readable.errored);
    return 'nothing yet';
  }

  #takeRest(): Uint8Array | undefined {
    const rest = this.#rest;
    this.#rest = undefined;
    return rest;
  }

  // Not `read(max)`: a stream counts characters or objects as well, and may read more while it is asked.
  #cut(bytes: Uint8Array, max = Infinity): Uint8Array {
    if (bytes.length <= max) return bytes;
    this.#rest = bytes.subarray(max);
    return bytes.subarray(0, max);
  }

  // Only now: with a listener the stream starts to read.
  #listen(): void {
    if (this.#isListening) return;
    this.#isListening = true;
    this.#readable?.on('readable', this.#onReadable).on('end', this.#onReadable);
  }

  readonly #onReadable = (): void => {
    this.#takeReceiver()?.wake();
  };

  #takeReceiver(): Waker<void> | undefined {
    const receiver = this.#receiver;
    this.#receiver = undefined;
    return receiver;
  }

  /** A stream was closed: a receive that waits looks again. */
  look(): void {
    this.#onReadable();
  }

  /** A receive that waits has ended, and has taken nothing: another may begin. */
  #leave(): Waker<void> | undefined {
    const receiver = this.#takeReceiver();
    if (receiver !== undefined) this.#isReceiving = false;
    return receiver;
  }

  /** Ends a receive that waits, which has taken nothing. */
  interrupt(): void {
    this.#leave()?.fail(INTERRUPTED);
  }

  /** `verb` closes the stream: a receive that waits fails, and so does each later one. */
  close(verb: string): void {
    this.#isClosed = true;
    this.#leave()?.fail(this.#faults.closedBy(verb, 'receive'));
  }

  /** Closes this half and gives its stream away, with what was read from it and not received. */
  handOver(): void {
    const readable = this.#readable;
    this.#isClosed = true;
    this.#readable = undefined;
    const rest = this.#takeRest();
    if (rest !== undefined) readable?.unshift(rest);
    readable?.off('readable', this.#onReadable).off('end', this.#onReadable);
  }

  // A socket that is destroyed with something unread in it resets the connection: what was sent would be lost too.
  async discardRest(): Promise<void> {
    const readable = this.#readable;
    if (readable === undefined || readable.readableLength === 0) return;
    readable.off('readable', this.#onReadable).resume();
    await park<void>(
      (waker) => {
        const over = (): void => void waker.wake();
        readable.once('end', over).once('close', over);
        return () => readable.off('end', over).off('close', over);
      },
      { name: () => `close ${this.#faults.label}` },
    );
  }
}

function takeAll(readable: Readable): Uint8Array | undefined {
  for (;;) {
    const chunk: unknown = readable.read();
    if (chunk === null) return undefined;
    const bytes = bytesOf(chunk, readable.readableEncoding);
    // Streams of objects may give empty ones.
    if (bytes.length > 0) return bytes;
  }
}

function bytesOf(chunk: unknown, encoding: BufferEncoding | null): Uint8Array {
  if (typeof chunk === 'string') return Buffer.from(chunk, encoding ?? 'utf8');
  if (ArrayBuffer.isView(chunk)) return chunk as Uint8Array;
  throw new TypeError(
    `receive: the stream gave ${show(chunk)}, which is no bytes; it is in object mode`,
  );
}
