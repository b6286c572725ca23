import { keepShape, parkAs, ready, throwIfCancelled, refused } from '@ambit/core/lowlevel';
import type { Parking, Waker } from '@ambit/core/lowlevel';
import type { Readable } from 'node:stream';
import type { WaitOptions } from '../cancellable.ts';
import { INTERRUPTED } from '../pieces.ts';
import type { Results } from '../pieces.ts';
import { bytesOf, checkMax } from './byte-stream.ts';
import { hearingOf } from './listening.ts';
import { readOut } from './read-out.ts';
import { broken, busy, closed, closedBy, oneWay, textOf } from './stream-faults.ts';
import type { StreamLabel } from './stream-faults.ts';

/** What a receive that waits gets: bytes, or a result of the iterator that it is for. */
type Received = Uint8Array | undefined | IteratorResult<Uint8Array, undefined>;

const NOTHING_YET = Symbol('nothing yet');
type Taken = Uint8Array | undefined | typeof NOTHING_YET;

/** The half of a {@link NodeByteStream} that receives. Without a readable there is nothing to receive. */
export class ReadHalf implements Parking<Received> {
  static {
    keepShape(this, new ReadHalf(undefined, ''));
  }

  /** Undefined as well once other code has it. */
  _readable: Readable | undefined;
  readonly _label: StreamLabel;
  _isClosed = false;
  /** What the stream emits is not for a receive: this reads by itself, and is not to hear of it too; or all of it is dropped. */
  #isDeaf = false;
  /** Received already, and more than was asked for. */
  #rest: Uint8Array | undefined = undefined;
  #receiver: Waker<Received> | undefined = undefined;
  /** What the receiver is to get: as many bytes, at most, or a result of this iterator. */
  #wanted: number | Results | undefined = undefined;
  /** Set once the stream is listened to. */
  #onData: ((chunk: unknown) => void) | undefined = undefined;

  constructor(readable: Readable | undefined, label: StreamLabel) {
    this._readable = readable;
    this._label = label;
  }

  get isReceiving(): boolean {
    return this.#receiver !== undefined;
  }

  /** What is waited for, in the task tree. */
  get name(): string {
    return `receive from ${textOf(this._label)}`;
  }

  // No async function: connections are idle here, by the ten thousand, and each would keep its frame.
  receive(max?: number, options?: WaitOptions): Promise<Uint8Array | undefined> {
    try {
      checkMax(max);
      const bytes = this._takeFirst(max, options);
      if (bytes !== NOTHING_YET) return ready(bytes);
    } catch (error) {
      return refused(error);
    }
    this.#wanted = max;
    return parkAs<Received>(this, options) as Promise<Uint8Array | undefined>;
  }

  /** A receive whose outcome is the result of an iterator: no promise for each of the two. */
  receiveFor(results: Results): Promise<IteratorResult<Uint8Array, undefined>> {
    try {
      const bytes = this._takeFirst();
      if (bytes !== NOTHING_YET) return ready(results._resultOf(bytes));
    } catch (error) {
      return refused(error);
    }
    this.#wanted = results;
    return parkAs<Received>(this) as Promise<IteratorResult<Uint8Array, undefined>>;
  }

  private _takeFirst(max?: number, options?: WaitOptions): Taken {
    throwIfCancelled(options, 'receive');
    if (this.#receiver !== undefined) throw busy(this._label, 'receive');
    return this._take(max);
  }

  /** A receive waits from now on. Only now the stream flows: without a receive its bytes are left in it. */
  enlist(waker: Waker<Received>): void {
    this.#receiver = waker;
    this.flow();
  }

  /** Has the stream read ahead, as far as it has room, also before the first receive. */
  flow(): void {
    const readable = this._readable;
    if (readable === undefined) return;
    if (this.#onData === undefined) {
      this.#onData = hearingOf(readable, this);
      readable.on('data', this.#onData);
    }
    if (readable.readableFlowing === true) return;
    readable.resume();
    // Not while other code listens for 'readable'.
    if (
      readable.readableFlowing === false &&
      !readable.listeners('readable').includes(this.#onData)
    )
      readable.on('readable', this.#onData);
  }

  /** From now on what comes is dropped, and the end is all that is received. */
  discard(): void {
    this.#isDeaf = true;
    this.#rest = undefined;
    this.flow();
  }

  /** The receive was cancelled: it has taken nothing. */
  abandon(): void {
    this.#receiver = undefined;
  }

  private _take(max?: number): Taken {
    if (this._isClosed) throw closed(this._label, 'receive');
    const readable = this._readable;
    if (readable === undefined) throw oneWay(this._label, 'receive', 'sent to');
    const bytes = this._takeRest() ?? this._read(readable);
    if (bytes !== undefined) return this._cut(bytes, max);
    if (readable.readableEnded) return undefined;
    if (readable.errored !== null || readable.destroyed)
      throw broken(this._label, 'receive from', readable.errored);
    return NOTHING_YET;
  }

  private _takeRest(): Uint8Array | undefined {
    const rest = this.#rest;
    this.#rest = undefined;
    return rest;
  }

  /** What the stream has kept. */
  private _read(readable: Readable): Uint8Array | undefined {
    while (readable.readableLength > 0) {
      const wasDeaf = this.#isDeaf;
      this.#isDeaf = true;
      const chunk: unknown = readable.read();
      this.#isDeaf = wasDeaf;
      if (chunk === null) return undefined;
      const bytes = bytesOf(chunk, readable.readableEncoding);
      // Streams of objects may give empty ones.
      if (bytes.length > 0) return bytes;
    }
    return undefined;
  }

  // Not `read(max)`: a stream counts characters or objects as well, and may read more while it is asked.
  private _cut(bytes: Uint8Array, max = Infinity): Uint8Array {
    if (bytes.length <= max) return bytes;
    this.#rest = bytes.subarray(max);
    return bytes.subarray(0, max);
  }

  /** A piece has come; undefined: something has, or the end. */
  _heard(chunk?: unknown): void {
    const readable = this._readable;
    if (this.#isDeaf || this._isClosed || readable === undefined) return;
    if (chunk === undefined) {
      this.look();
      return;
    }
    if (this.#receiver !== undefined && this._handOut(chunk, readable)) return;
    // No receive waits for it: it goes back, and holds up what comes after it.
    readable.pause();
    readable.unshift(chunk, readable.readableEncoding ?? undefined);
  }

  /** Gives the bytes to the receive that waits. */
  private _handOut(chunk: unknown, readable: Readable): boolean {
    try {
      const bytes = bytesOf(chunk, readable.readableEncoding);
      // An empty one is none.
      if (bytes.length === 0 || this._wake(bytes)) return true;
    } catch (error) {
      this._takeReceiver()?.fail(error);
      return true;
    }
    this.#rest = undefined;
    return false;
  }

  /** Ends the receive that waits with what it wants. */
  private _wake(bytes: Uint8Array | undefined): boolean {
    const wanted = this.#wanted;
    this.#wanted = undefined;
    const receiver = this._takeReceiver();
    if (receiver === undefined) return false;
    if (typeof wanted === 'object') return receiver.wake(wanted._resultOf(bytes));
    return receiver.wake(bytes === undefined ? undefined : this._cut(bytes, wanted));
  }

  private _takeReceiver(): Waker<Received> | undefined {
    const receiver = this.#receiver;
    this.#receiver = undefined;
    return receiver;
  }

  /** The stream has ended, or was closed: a receive that waits looks again. */
  look(): void {
    if (this.#receiver === undefined) return;
    try {
      const bytes = this._take();
      if (bytes !== NOTHING_YET) this._wake(bytes);
    } catch (error) {
      this._takeReceiver()?.fail(error);
    }
  }

  /** Ends a receive that waits, which has taken nothing; `results`: if it is for that iterator. */
  interrupt(results?: Results): void {
    if (results === undefined) {
      if (typeof this.#wanted !== 'object') this._takeReceiver()?.fail(INTERRUPTED);
    } else if (this.#wanted === results) this._wake(undefined);
  }

  /** `verb` closes the stream: a receive that waits fails, and so does each later one. */
  close(verb: string): void {
    this._isClosed = true;
    if (this.#receiver === undefined) return;
    this._takeReceiver()?.fail(closedBy(this._label, verb, 'receive'));
  }

  /** Closes this half and gives its stream away, with what was read from it and not received. */
  handOver(): void {
    const readable = this._readable;
    this._isClosed = true;
    this._readable = undefined;
    if (readable === undefined) return;
    if (this.#onData !== undefined)
      readable.off('data', this.#onData).off('readable', this.#onData).pause();
    if (this.#rest !== undefined) readable.unshift(this.#rest);
  }

  // A socket that is destroyed with something unread in it resets the connection: what was sent would be lost too.
  async discardRest(): Promise<void> {
    const readable = this._readable;
    if (readable === undefined || (readable.readableLength === 0 && !this.#rest)) return;
    await readOut(readable, this._label);
  }
}
