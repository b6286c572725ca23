/*
 * A byte stream over Node's streams.
 *
 * A stream of Node pushes: it emits events, reads ahead, and reports an error to its listeners, or ends the process if
 * it has none. A ByteStream pulls: each call waits for one thing and ends with a value, an error or a cancellation.
 * This class is the adapter between the two. `read-half` and `write-half` have the two directions, which do not know
 * each other; `stream-faults` makes their errors; `stream-end` closes politely.
 *
 * What holds here:
 *
 * - A receive that is cancelled has taken nothing. While one waits the stream flows, and what comes is handed over in the
 *   tick in which it comes: to a caller that has it then, also if it is cancelled after that (I2). What comes while no receive
 *   waits is put back into the stream, which is paused: no byte is in flight to a caller that may be gone (I4).
 * - Not 'readable' and `read()`: a tick and two calls of the stream more for each piece (decision 36).
 * - Of what the stream gives, bytes beyond `max` are kept in the read half. `read(max)` would not do: in object mode, or
 *   with an encoding, it does not count bytes.
 * - Nothing is read before the first receive. Bytes that are not received stay in the system's buffers, and hold up the other
 *   end, once the stream has read ahead as far as it has room.
 * - A send waits until the stream has passed the bytes on, not only until it has room: after that callers may change
 *   their buffer. Most are passed on in the very call, and wait for nothing. A send that is cancelled may have sent all, some
 *   or none of its bytes.
 * - An error does not reject a call by itself. The stream keeps it (`errored`), and the calls that wait, and each later
 *   one, fail with an error of their own whose `cause` it is.
 * - `close` destroys a stream only after a goodbye: a socket that is destroyed with unread bytes resets the connection,
 *   and the other end loses what it has not read yet. With unsent bytes, or in a cancelled scope, there is no goodbye.
 *   Either way `close` returns after the last 'close' event, so that no descriptor outlives the group (I5).
 *
 * `stream/promises` and the iterator of a Readable were tried for this and were not enough: an iterator that is left
 * destroys its stream, and neither can be cancelled without a loss of bytes.
 */
import { currentScope } from '@ambit/core';
import type { TaskGroup } from '@ambit/core';
import { giveTo, ParkingLot, throwIfCancelled } from '@ambit/core/lowlevel';
import type { Readable, Writable } from 'node:stream';
import type { ByteStream } from './byte-stream.ts';
import type { WaitOptions } from '../cancellable.ts';
import { Holding, own } from '../ownership.ts';
import { ByteIterator } from './byte-iterator.ts';
import { ReadHalf } from './read-half.ts';
import { ignoreErrors, sayGoodbye } from './stream-end.ts';
import { broken, busy, hasBroken, textOf } from './stream-faults.ts';
import type { StreamLabel } from './stream-faults.ts';
import { WriteHalf } from './write-half.ts';
import type { Sink } from './write-half.ts';

export interface NodeStreamParts extends Partial<Sink> {
  /** How it is called in messages and in the task tree: 'the connection to 127.0.0.1:80'. */
  readonly label: StreamLabel;
  /** Receives read from it. Undefined: nothing can be received. */
  readonly readable?: Readable | undefined;
}

/**
 * A ByteStream over Node's streams. Nothing is read before the first receive, and then as much ahead as the stream's
 * own `highWaterMark` allows.
 */
export class NodeByteStream implements ByteStream {
  readonly #label: StreamLabel;
  readonly #reading: ReadHalf;
  readonly #writing: WriteHalf;
  #readable: Readable | undefined;
  #writable: Writable | undefined;
  readonly #onEnd: () => void;
  #holding: Holding | undefined;
  #isClosed = false;
  /** A close is saying goodbye, and destroys the streams then. */
  #isEnding = false;
  #closers: ParkingLot | undefined;

  /** Belongs to the group around the call; 'unowned': its maker closes it in every case. */
  constructor(
    { label, readable, writable, isPlainSocket }: NodeStreamParts,
    ownership?: 'unowned',
  ) {
    this.#label = label;
    this.#reading = new ReadHalf(readable, label);
    this.#writing = new WriteHalf({ writable, isPlainSocket }, label);
    this.#readable = readable;
    this.#writable = writable;
    // For the streams' last events; bound, which is smaller than an arrow and its context.
    this.#onEnd = this._ended.bind(this);
    for (const stream of this.#streams()) stream.on('error', ignoreErrors).on('close', this.#onEnd);
    readable?.on('end', this.#onEnd);
    if (ownership !== 'unowned') this.#holding = own(this);
  }

  receive(max?: number, options?: WaitOptions): Promise<Uint8Array | undefined> {
    return this.#reading.receive(max, options);
  }

  send(data: Uint8Array | string, options?: WaitOptions): Promise<void> {
    return this.#writing.send(data, options);
  }

  sendEof(options?: WaitOptions): Promise<void> {
    return this.#writing.sendEof(options);
  }

  async close(): Promise<void> {
    await this[Symbol.asyncDispose]();
    throwIfCancelled();
  }

  /** @internal */
  [giveTo](group: TaskGroup): void {
    if (this.#isClosed) return;
    this.#holding ??= new Holding(this, undefined);
    this.#holding.moveTo(group);
  }

  /** @internal Whether a group closes it. */
  get _isOwned(): boolean {
    return this.#holding !== undefined;
  }

  /** As `close`, but does not throw if the scope is cancelled. */
  async [Symbol.asyncDispose](): Promise<void> {
    const isGentle = this.#writing.canEnd && currentScope().reason === undefined;
    this.#retire('close');
    if (isGentle) await this.#end();
    // Another close may be saying goodbye still: it is not cut short.
    if (isGentle || !this.#isEnding || currentScope().reason !== undefined) this.#destroyStreams();
    await this.#untilClosed();
  }

  destroy(): void {
    this.#retire('destroy');
    this.#destroyStreams();
  }

  /** Calls that wait fail, since `verb` closes the stream. */
  #retire(verb: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#reading.close(verb);
    this.#writing.close(verb);
  }

  async #end(): Promise<void> {
    this.#isEnding = true;
    const isDuplex = this.#readable === this.#writable;
    if (!isDuplex) this.#readable?.destroy();
    await sayGoodbye(this.#writing, isDuplex ? this.#reading : undefined);
  }

  #destroyStreams(): void {
    for (const stream of this.#streams()) stream.destroy();
  }

  async #untilClosed(): Promise<void> {
    if (this.#hasEnded()) return;
    this.#closers ??= new ParkingLot();
    await this.#closers.park({ shield: true, name: () => `close ${textOf(this.#label)}` });
  }

  #hasEnded(): boolean {
    return this.#streams().every((stream) => stream.closed);
  }

  private _ended(): void {
    this.#reading.look();
    this.#writing.look();
    if (!this.#hasEnded()) return;
    this.#holding?.release();
    this.#closers?.unparkAll();
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<Uint8Array> {
    return new ByteIterator(this.#reading);
  }

  /** @internal Reads ahead from now on, also before the first receive; 'and drops it': a receive gets none of what comes. */
  _readAhead(use?: 'and drops it'): void {
    if (use === undefined) this.#reading.flow();
    else this.#reading.discard();
  }

  /** @internal See `Pieces`. */
  _interrupt(): void {
    this.#reading.interrupt();
  }

  /**
   * @internal The streams belong to other code from now on, for example to TLS: this one is closed, they are not.
   *
   * @throws BusyResourceError while a receive or a send waits; ClosedResourceError; BrokenResourceError
   */
  _handOver(): void {
    if (this.#reading.isReceiving) throw busy(this.#label, 'receive');
    if (this.#writing.isSending) throw busy(this.#label, 'send');
    this.#writing.sendable('startTls');
    if (this.#readable?.readableEnded === true)
      throw broken(this.#label, 'start TLS on', undefined);
    this.#isClosed = true;
    this.#reading.handOver();
    this.#writing.handOver();
    for (const stream of this.#streams()) stream.off('close', this.#onEnd);
    this.#readable?.off('end', this.#onEnd);
    this.#readable = undefined;
    this.#writable = undefined;
    this.#holding?.release();
  }

  /** @internal Whether an error says that this stream broke, and nothing else. */
  _isFailure(error: unknown): boolean {
    if (typeof error !== 'object' || error === null) return false;
    return (
      hasBroken(this.#label, error) || this.#streams().some(({ errored }) => errored === error)
    );
  }

  #streams(): (Readable | Writable)[] {
    const [readable, writable] = [this.#readable, this.#writable];
    const streams: (Readable | Writable | undefined)[] =
      readable === writable ? [readable] : [readable, writable];
    return streams.filter((stream) => stream !== undefined);
  }
}
