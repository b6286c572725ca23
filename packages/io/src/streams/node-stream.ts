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
import { adoptStream, leaveStream } from './listening.ts';
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
  /** @internal */
  readonly _reading: ReadHalf;
  readonly #writing: WriteHalf;
  #holding: Holding | undefined = undefined;
  /** A close is saying goodbye, and destroys the streams then. */
  #isEnding = false;
  #closers: ParkingLot | undefined = undefined;

  /** Belongs to the group around the call; 'unowned': its maker closes it in every case. */
  constructor({ label, readable, writable, socket }: NodeStreamParts, ownership?: 'unowned') {
    this._reading = new ReadHalf(readable, label);
    this.#writing = new WriteHalf({ writable, socket }, label);
    const isOwn = socket !== undefined && readable !== undefined;
    const onEnd = isOwn ? adoptStream(readable, this) : this._ended.bind(this);
    for (const stream of this._streams()) stream.on('error', ignoreErrors).on('close', onEnd);
    readable?.on('end', onEnd);
    if (ownership !== 'unowned') this.#holding = own(this);
  }

  receive(max?: number, options?: WaitOptions): Promise<Uint8Array | undefined> {
    return this._reading.receive(max, options);
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
    if (this._reading._isClosed) return;
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
    this._retire('close');
    if (isGentle) await this._sayGoodbye();
    // Another close may be saying goodbye still: it is not cut short.
    if (isGentle || !this.#isEnding || currentScope().reason !== undefined) this._destroyStreams();
    await this._untilClosed();
  }

  destroy(): void {
    this._retire('destroy');
    this._destroyStreams();
  }

  /** Calls that wait fail, since `verb` closes the stream. */
  private _retire(verb: string): void {
    if (this._reading._isClosed) return;
    this._reading.close(verb);
    this.#writing.close(verb);
  }

  private async _sayGoodbye(): Promise<void> {
    this.#isEnding = true;
    const { _readable } = this._reading;
    const isDuplex = _readable === this.#writing._writable;
    if (!isDuplex) _readable?.destroy();
    await sayGoodbye(this.#writing, isDuplex ? this._reading : undefined);
  }

  private _destroyStreams(): void {
    for (const stream of this._streams()) stream.destroy();
  }

  private async _untilClosed(): Promise<void> {
    if (this._hasEnded()) return;
    this.#closers ??= new ParkingLot();
    await this.#closers.park({ shield: true, name: () => `close ${textOf(this._reading._label)}` });
  }

  private _hasEnded(): boolean {
    return this._streams().every((stream) => stream.closed);
  }

  /** @internal */
  _ended(): void {
    this._reading.look();
    this.#writing.look();
    if (!this._hasEnded()) return;
    this.#holding?.release();
    this.#closers?.unparkAll();
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<Uint8Array> {
    return new ByteIterator(this._reading);
  }

  /** @internal Reads ahead from now on, also before the first receive; 'and drops it': a receive gets none of what comes. */
  _readAhead(use?: 'and drops it'): void {
    if (use === undefined) this._reading.flow();
    else this._reading.discard();
  }

  /** @internal See `Pieces`. */
  _interrupt(): void {
    this._reading.interrupt();
  }

  /**
   * @internal The streams belong to other code from now on, for example to TLS: this one is closed, they are not.
   *
   * @throws BusyResourceError while a receive or a send waits; ClosedResourceError; BrokenResourceError
   */
  _handOver(): void {
    const { _label, _readable, isReceiving } = this._reading;
    if (isReceiving) throw busy(_label, 'receive');
    if (this.#writing.isSending) throw busy(_label, 'send');
    this.#writing.sendable('startTls');
    if (_readable?.readableEnded === true) throw broken(_label, 'start TLS on', undefined);
    const streams = this._streams();
    this._reading.handOver();
    this.#writing.handOver();
    for (const stream of streams) leaveStream(stream);
    this.#holding?.release();
  }

  /** @internal Whether an error says that this stream broke, and nothing else. */
  _isFailure(error: unknown): boolean {
    if (typeof error !== 'object' || error === null) return false;
    return (
      hasBroken(this._reading._label, error) ||
      this._streams().some(({ errored }) => errored === error)
    );
  }

  private _streams(): (Readable | Writable)[] {
    const [readable, writable] = [this._reading._readable, this.#writing._writable];
    const streams: (Readable | Writable | undefined)[] =
      readable === writable ? [readable] : [readable, writable];
    return streams.filter((stream) => stream !== undefined);
  }
}
