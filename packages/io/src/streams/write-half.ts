import { keepShape, park, parkAs, ready, throwIfCancelled, refused } from '@ambit/core/lowlevel';
import type { Parking, Waker } from '@ambit/core/lowlevel';
import type { Writable } from 'node:stream';
import type { WaitOptions } from '../cancellable.ts';
import { checkData } from './byte-stream.ts';
import { broken, busy, closed, closedBy, oneWay, sentEof, textOf } from './stream-faults.ts';
import type { StreamLabel } from './stream-faults.ts';

/** What can be written to, and how it tells that it has passed bytes on. */
export interface Sink {
  readonly writable: Writable | undefined;
  /**
   * It is a socket of ours, which no other byte stream is over. 'plain': without TLS, so that nothing is sent of an empty
   * piece. Then only a send that the system does not take at once asks to be called back, since each call costs a tick.
   */
  readonly socket?: 'plain' | 'secure' | undefined;
}

const EMPTY = new Uint8Array();

/** The half of a {@link NodeByteStream} that sends. Without a writable nothing can be sent. */
export class WriteHalf implements Parking<void> {
  static {
    keepShape(this, new WriteHalf({ writable: undefined }, ''));
  }

  /** Undefined as well once other code has it. */
  _writable: Writable | undefined;
  readonly #label: StreamLabel;
  readonly #isPlainSocket: boolean;
  #isClosed = false;
  #isEofSent = false;
  #sender: Waker<void> | undefined = undefined;
  /** How many calls back are to come: one for each write that asked for it, in their order. */
  #pending = 0;
  #onWritten: ((error?: Error | null) => void) | undefined = undefined;

  constructor({ writable, socket }: Sink, label: StreamLabel) {
    this._writable = writable;
    this.#label = label;
    this.#isPlainSocket = socket === 'plain';
  }

  get isSending(): boolean {
    return this.#sender !== undefined;
  }

  /** What is waited for, in the task tree. */
  get name(): string {
    return `send to ${textOf(this.#label)}`;
  }

  send(data: Uint8Array | string, options?: WaitOptions): Promise<void> {
    try {
      checkData(data);
      throwIfCancelled(options, 'send');
      if (this.#sender !== undefined) throw busy(this.#label, 'send');
      const writable = this.sendable('send');
      if (data.length === 0 || this._write(writable, data)) return ready(undefined);
    } catch (error) {
      return refused(error);
    }
    return parkAs<void>(this, options);
  }

  sendEof(options?: WaitOptions): Promise<void> {
    try {
      throwIfCancelled(options, 'sendEof');
      if (this.#sender !== undefined) throw busy(this.#label, 'sendEof');
      if (this.#isEofSent && !this.#isClosed) return ready(undefined);
      const writable = this.sendable('sendEof');
      this.#isEofSent = true;
      writable.end(this._callback());
    } catch (error) {
      return refused(error);
    }
    return parkAs<void>(this, options);
  }

  /**
   * Writes; returns whether the system has all of it. Not only whether there is room for more: callers may use their buffer
   * again then.
   */
  private _write(writable: Writable, data: Uint8Array | string): boolean {
    if (!this.#isPlainSocket || writable.writableLength > 0) {
      writable.write(data, this._callback());
      return this._hasPassed(writable);
    }
    writable.write(data);
    if (this._hasPassed(writable)) return true;
    writable.write(EMPTY, this._callback());
    return false;
  }

  private _hasPassed(writable: Writable): boolean {
    if (isLost(writable)) throw broken(this.#label, 'send to', writable.errored);
    return writable.writableLength === 0;
  }

  private _callback(): (error?: Error | null) => void {
    this.#pending += 1;
    return (this.#onWritten ??= this._written.bind(this));
  }

  /** A send waits from now on. */
  enlist(waker: Waker<void>): void {
    this.#sender = waker;
  }

  /** The send was cancelled; what was written stays so. */
  abandon(): void {
    this.#sender = undefined;
  }

  private _written(error?: Error | null): void {
    this.#pending -= 1;
    const writable = this._writable;
    // A socket that broke reports no error for the bytes that were under way.
    const hasFailed = (error !== undefined && error !== null) || writable?.destroyed === true;
    if (!hasFailed) {
      if (this.#pending === 0) this._takeSender()?.wake();
    } else if (this.#sender !== undefined) {
      const failure = this.#isClosed
        ? closed(this.#label, 'send')
        : broken(this.#label, 'send to', error ?? writable?.errored);
      this._takeSender()?.fail(failure);
    }
  }

  /** The stream, if something can be sent to it; otherwise throws why not. */
  sendable(verb: string): Writable {
    if (this.#isClosed) throw closed(this.#label, verb);
    const writable = this._writable;
    if (writable === undefined) throw oneWay(this.#label, verb, 'received from');
    if (this.#isEofSent || writable.writableEnded) throw sentEof(this.#label, verb);
    if (isLost(writable)) throw broken(this.#label, 'send to', writable.errored);
    return writable;
  }

  // Bytes that are not written yet may never be: the other end would have to read earlier ones first.
  get canEnd(): boolean {
    const writable = this._writable;
    if (this.#isClosed || writable === undefined) return false;
    return !isLost(writable) && writable.writableLength === 0;
  }

  /** Ends the stream, as its transport does that, and waits until the end is sent. */
  async end(): Promise<void> {
    await park<void>((waker) => void this._writable?.end(() => waker.wake()), {
      name: () => `close ${textOf(this.#label)}`,
    });
  }

  /** A stream was closed: if it was this one, a send that waits fails. */
  look(): void {
    const writable = this._writable;
    if (this.#sender === undefined || writable?.closed !== true) return;
    this._takeSender()?.fail(broken(this.#label, 'send to', writable.errored));
  }

  /** `verb` closes the stream: a send that waits fails, and so does each later one. */
  close(verb: string): void {
    this.#isClosed = true;
    if (this.#sender === undefined) return;
    this._takeSender()?.fail(closedBy(this.#label, verb, 'send'));
  }

  /** Closes this half and gives its stream away. */
  handOver(): void {
    this.#isClosed = true;
    this._writable = undefined;
  }

  private _takeSender(): Waker<void> | undefined {
    const sender = this.#sender;
    this.#sender = undefined;
    return sender;
  }
}

function isLost(writable: Writable): boolean {
  return writable.errored !== null || writable.destroyed;
}
