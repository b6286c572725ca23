import { currentScope, moveOnAfter, throwIfCancelled } from '@ambit/core';
import { breathe, enter, park, ParkingLot } from '@ambit/core/lowlevel';
import type { Waker } from '@ambit/core/lowlevel';
import type { Readable, Writable } from 'node:stream';
import { checkData, checkMax, Pieces } from './byte-stream.ts';
import type { ByteStream } from './byte-stream.ts';
import type { WaitOptions } from '../cancellable.ts';
import { checkOptions, show } from '../check.ts';
import { BrokenResourceError, BusyResourceError, ClosedResourceError } from '../errors.ts';
import { own } from '../ownership.ts';
import type { Owner } from '../ownership.ts';

interface Labelled {
  readonly label: string;
}

export interface NodeStreamParts {
  /** How it is called in messages and in the task tree: 'the connection to 127.0.0.1:80'. An object is asked each time. */
  readonly label: string | (() => string) | Labelled;
  /** What is received comes from it. Undefined: nothing can be received. */
  readonly readable?: Readable | undefined;
  /** What is sent goes to it; mostly the same object. Undefined: nothing can be sent. */
  readonly writable?: Writable | undefined;
  /** Milliseconds that saying goodbye may take when it is closed. Default: as long as it takes. */
  readonly goodbye?: number | undefined;
}

/** Milliseconds, where it is the system, or the end of a group, that waits for the other end. */
const LONGEST_GOODBYE = 1000;

/** An error is kept by the stream, and told to whoever uses it next; without a listener it would end the process. */
export function ignoreErrors(): void {
  // See above.
}

/** Waits, whatever is cancelled, until streams that are being destroyed have let go of what they held. */
export async function untilClosed(
  streams: readonly (Readable | Writable)[],
  name: () => string,
): Promise<void> {
  for (const stream of streams) {
    if (stream.closed) continue;
    await park<void>((waker) => void stream.once('close', () => waker.wake()), {
      shield: true,
      name,
    });
  }
}

/**
 * A ByteStream over Node's streams. Nothing is read before somebody first receives, and then as much ahead as the
 * stream's own `highWaterMark` allows.
 */
export class NodeByteStream implements ByteStream {
  #parts: NodeStreamParts;
  readonly #owner: Owner | undefined;
  #isClosed = false;
  /** A close is saying goodbye, and destroys the streams then. */
  #isEnding = false;
  #isListening = false;
  #isReceiving = false;
  #isSending = false;
  #isEofSent = false;
  #receiver: Waker<void> | undefined;
  #sender: Waker<void> | undefined;
  #closers: ParkingLot | undefined;

  /** Belongs to the group around the call; 'unowned': its maker closes it, whatever happens. */
  constructor(parts: NodeStreamParts, ownership?: 'unowned') {
    this.#parts = parts;
    for (const stream of this.#streams()) {
      stream.on('error', ignoreErrors);
      stream.on('close', this.#onClose);
    }
    this.#owner = ownership === 'unowned' ? undefined : own(this);
  }

  // No async function: connections are idle here, by the ten thousand, and each would keep its frame.
  receive(max?: number, options?: WaitOptions): Promise<Uint8Array | undefined> {
    try {
      checkMax(max);
      checkOptions('receive', options);
      enter(options);
      if (this.#isReceiving) throw this.#busy('receive');
      const data = this.#take(max);
      if (data === 'nothing yet') return this.#waitAndTake(max, options);
      return breathe()?.then(() => data) ?? Promise.resolve(data);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #waitAndTake(
    max: number | undefined,
    options: WaitOptions | undefined,
  ): Promise<Uint8Array | undefined> {
    this.#isReceiving = true;
    return this.#untilReadable(options).then(
      () => {
        this.#isReceiving = false;
        const data = this.#take(max);
        return data === 'nothing yet' ? this.#waitAndTake(max, options) : data;
      },
      (error: unknown) => {
        this.#isReceiving = false;
        throw error;
      },
    );
  }

  #untilReadable(options: WaitOptions | undefined): Promise<void> {
    return park<void>(
      (waker) => {
        this.#receiver = waker;
        this.#listen();
        return () => {
          this.#receiver = undefined;
        };
      },
      { signal: options?.signal, name: () => `receive from ${this.#label()}` },
    );
  }

  #take(max: number | undefined): Uint8Array | undefined | 'nothing yet' {
    if (this.#isClosed) throw this.#closed('receive');
    const { readable } = this.#parts;
    if (readable === undefined)
      throw new ClosedResourceError(`receive: ${this.#label()} can only be sent to`);
    // Asks for more, which may come at once: more than `max`.
    if (max !== undefined && readable.readableLength === 0) readable.read(0);
    const size = readable.readableLength;
    const chunk: unknown = readable.read(max !== undefined && max < size ? max : undefined);
    if (chunk !== null) return bytesOf(chunk, readable.readableEncoding);
    if (readable.readableEnded) return undefined;
    if (readable.errored !== null || readable.destroyed)
      throw this.#broken('receive from', readable.errored);
    return 'nothing yet';
  }

  // Only now: with a listener the stream starts to read.
  #listen(): void {
    if (this.#isListening) return;
    this.#isListening = true;
    this.#parts.readable?.on('readable', this.#onReadable).on('end', this.#onReadable);
  }

  readonly #onReadable = (): void => {
    const receiver = this.#receiver;
    this.#receiver = undefined;
    receiver?.wake();
  };

  async send(data: Uint8Array | string, options?: WaitOptions): Promise<void> {
    checkData(data);
    checkOptions('send', options);
    enter(options);
    if (this.#isSending) throw this.#busy('send');
    const writable = this.#sendable('send');
    if (data.length === 0) return breathe();
    this.#isSending = true;
    try {
      // Until the system has it, not only until there is room: the caller may use his buffer again then.
      await this.#whenWritten('send to', options, (done) => writable.write(data, done));
    } finally {
      this.#isSending = false;
    }
  }

  async sendEof(options?: WaitOptions): Promise<void> {
    checkOptions('sendEof', options);
    enter(options);
    if (this.#isSending) throw this.#busy('sendEof');
    if (this.#isEofSent && !this.#isClosed) return;
    const writable = this.#sendable('sendEof');
    this.#isSending = true;
    this.#isEofSent = true;
    try {
      await this.#whenWritten('send to', options, (done) => writable.end(done));
    } finally {
      this.#isSending = false;
    }
  }

  async #whenWritten(
    what: string,
    options: WaitOptions | undefined,
    write: (done: (error?: Error | null) => void) => void,
  ): Promise<void> {
    await park<void>(
      (waker) => {
        this.#sender = waker;
        write((error) => {
          if (this.#sender === waker) this.#sender = undefined;
          const { writable } = this.#parts;
          // A socket that broke says that all is well to those whose bytes were under way.
          const isLost = writable?.destroyed === true || (error !== undefined && error !== null);
          if (!isLost) waker.wake();
          else if (this.#isClosed) waker.fail(this.#closed('send'));
          else waker.fail(this.#broken(what, error ?? writable?.errored));
        });
        return () => {
          this.#sender = undefined;
        };
      },
      { signal: options?.signal, name: () => `${what} ${this.#label()}` },
    );
  }

  #sendable(verb: string): Writable {
    if (this.#isClosed) throw this.#closed(verb);
    const { writable } = this.#parts;
    if (writable === undefined)
      throw new ClosedResourceError(`${verb}: ${this.#label()} can only be received from`);
    if (this.#isEofSent || writable.writableEnded) {
      throw new ClosedResourceError(
        `${verb}: sendEof() was called on ${this.#label()}; nothing can be sent after it`,
      );
    }
    if (writable.errored !== null || writable.destroyed)
      throw this.#broken('send to', writable.errored);
    return writable;
  }

  async close(): Promise<void> {
    await this[Symbol.asyncDispose]();
    throwIfCancelled();
  }

  /** As `close`, but leaves it to others to say that the scope is cancelled. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#close(this.#parts.goodbye ?? Infinity);
  }

  /** @internal Its group has ended: nothing may hold that up for long. */
  _closeByOwner(): Promise<void> {
    return this.#close(LONGEST_GOODBYE);
  }

  async #close(goodbye: number): Promise<void> {
    const isGentle = this.#canEnd();
    this.#retire('close');
    if (isGentle) await this.#end(goodbye);
    // Another close may be saying goodbye still: it is not cut short.
    if (isGentle || !this.#isEnding || currentScope().reason !== undefined) this.#destroyStreams();
    await this.#untilClosed(true);
  }

  destroy(): void {
    this.#retire('destroy');
    this.#destroyStreams();
  }

  /**
   * @internal Somebody else has the streams now, TLS say: this one is closed, they are not.
   *
   * @throws BusyResourceError while a receive or a send waits; ClosedResourceError; BrokenResourceError
   */
  _handOver(): void {
    if (this.#isReceiving) throw this.#busy('receive');
    if (this.#isSending) throw this.#busy('send');
    const { readable } = this.#parts;
    this.#sendable('startTls');
    if (readable?.readableEnded === true) throw this.#broken('start TLS on', undefined);
    this.#isClosed = true;
    for (const stream of this.#streams()) stream.off('close', this.#onClose);
    readable?.off('readable', this.#onReadable).off('end', this.#onReadable);
    this.#parts = { label: this.#parts.label };
    this.#owner?.release(this);
  }

  /** Those who wait learn that it is closed. */
  #retire(verb: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const [receiver, sender] = [this.#receiver, this.#sender];
    this.#receiver = undefined;
    this.#sender = undefined;
    receiver?.fail(this.#closedBy(verb, 'receive'));
    sender?.fail(this.#closedBy(verb, 'send'));
  }

  #closedBy(verb: string, waiting: string): ClosedResourceError {
    return new ClosedResourceError(
      `${waiting}: ${this.#label()} was closed by ${verb}() meanwhile`,
    );
  }

  // What is not written yet may never be: the other end would have to read it first.
  #canEnd(): boolean {
    const { writable } = this.#parts;
    if (this.#isClosed || writable === undefined || currentScope().reason !== undefined)
      return false;
    return !writable.destroyed && writable.errored === null && writable.writableLength === 0;
  }

  /** Says goodbye, as far as the transport knows how to. */
  async #end(goodbye: number): Promise<void> {
    const { readable, writable } = this.#parts;
    this.#isEnding = true;
    if (readable !== writable) readable?.destroy();
    try {
      await moveOnAfter(goodbye, () =>
        park<void>((waker) => void writable?.end(() => waker.wake()), {
          name: () => `close ${this.#label()}`,
        }),
      );
      if (readable === writable) await moveOnAfter(LONGEST_GOODBYE, () => this.#discardRest());
    } catch {
      // Cancelled meanwhile: it is closed by force, and the cancellation is told at the next checkpoint.
    }
  }

  // A socket that is destroyed with something unread in it resets the connection: what was sent would be lost too.
  async #discardRest(): Promise<void> {
    const { readable } = this.#parts;
    if (readable === undefined || readable.readableLength === 0) return;
    readable.off('readable', this.#onReadable).resume();
    await park<void>(
      (waker) => {
        const over = (): void => void waker.wake();
        readable.once('end', over).once('close', over);
        return () => readable.off('end', over).off('close', over);
      },
      { name: () => `close ${this.#label()}` },
    );
  }

  #destroyStreams(): void {
    for (const stream of this.#streams()) stream.destroy();
  }

  async #untilClosed(shield: boolean): Promise<void> {
    if (this.#hasEnded()) return;
    this.#closers ??= new ParkingLot();
    await this.#closers.park({ shield, name: () => `close ${this.#label()}` });
  }

  #hasEnded(): boolean {
    return this.#streams().every((stream) => stream.closed);
  }

  #breakSender(): void {
    const sender = this.#sender;
    this.#sender = undefined;
    sender?.fail(this.#broken('send to', this.#parts.writable?.errored));
  }

  readonly #onClose = (): void => {
    this.#onReadable();
    if (this.#parts.writable?.closed === true) this.#breakSender();
    if (!this.#hasEnded()) return;
    this.#owner?.release(this);
    this.#closers?.unparkAll();
  };

  [Symbol.asyncIterator](): AsyncIterableIterator<Uint8Array> {
    return new Pieces(this);
  }

  #streams(): (Readable | Writable)[] {
    const { readable, writable } = this.#parts;
    const streams: (Readable | Writable | undefined)[] =
      readable === writable ? [readable] : [readable, writable];
    return streams.filter((stream) => stream !== undefined);
  }

  #label(): string {
    const { label } = this.#parts;
    if (typeof label === 'string') return label;
    return typeof label === 'function' ? label() : label.label;
  }

  #busy(verb: string): BusyResourceError {
    return new BusyResourceError(
      `${verb}: another ${verb === 'receive' ? 'receive' : 'send'} is under way on ${this.#label()}; let one end before the next begins`,
    );
  }

  #closed(verb: string): ClosedResourceError {
    return new ClosedResourceError(`${verb}: ${this.#label()} is closed at this end`);
  }

  #broken(what: string, cause: Error | null | undefined): BrokenResourceError {
    const why = cause?.message ?? 'it was closed before its end';
    return new BrokenResourceError(`cannot ${what} ${this.#label()}: ${why}`, { cause });
  }
}

function bytesOf(chunk: unknown, encoding: BufferEncoding | null): Uint8Array {
  if (typeof chunk === 'string') return Buffer.from(chunk, encoding ?? 'utf8');
  if (ArrayBuffer.isView(chunk)) return chunk as Uint8Array;
  throw new TypeError(
    `receive: the stream gave ${show(chunk)}, which is no bytes; it is in object mode`,
  );
}
