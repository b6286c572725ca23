import type { TaskGroup } from '@ambit/core';
import { giveTo, park, throwIfCancelled, yieldIfDue, refusalOf } from '@ambit/core/lowlevel';
import type { Waker } from '@ambit/core/lowlevel';
import { ByteBuffer } from './byte-buffer.ts';
import { checkData, checkMax } from './byte-stream.ts';
import type { ByteStream } from './byte-stream.ts';
import { INTERRUPTED, Pieces } from '../pieces.ts';
import type { WaitOptions } from '../cancellable.ts';
import { BrokenResourceError, BusyResourceError, ClosedResourceError } from '../errors.ts';
import { own } from '../ownership.ts';

/**
 * Makes two ends that are connected in memory: what one sends the other receives. For tests, and between tasks. Each way
 * holds 64 KiB; a send of more waits until the other end has received all but that.
 *
 * @returns both ends
 * @example
 * const [client, server] = memoryStreamPair();
 * group.spawn(() => serve(server));
 * await client.send('hello');
 */
export function memoryStreamPair(): [ByteStream, ByteStream] {
  const [there, back] = [new Flow(), new Flow()];
  return [new MemoryStream(back, there), new MemoryStream(there, back)];
}

const CAPACITY = 65_536;

/** One direction. */
class Flow {
  readonly bytes = new ByteBuffer();
  /** The sending end will send no more. */
  hasEnded = false;
  /** The receiving end is closed. */
  isAbandoned = false;
  receiver: Waker<void> | undefined = undefined;
  sender: Waker<void> | undefined = undefined;

  put(data: Uint8Array): void {
    this.bytes.append(data);
    this.wakeReceiver();
  }

  take(max: number): Uint8Array {
    const bytes = this.bytes.take(Math.min(max, this.bytes.length));
    if (this.isFull()) return bytes;
    const { sender } = this;
    this.sender = undefined;
    sender?.wake();
    return bytes;
  }

  isFull(): boolean {
    return this.bytes.length > CAPACITY;
  }

  end(): void {
    this.hasEnded = true;
    this.wakeReceiver();
  }

  abandon(error: Error): void {
    this.isAbandoned = true;
    this.bytes.skip(this.bytes.length);
    this.failSender(error);
  }

  wakeReceiver(): void {
    const { receiver } = this;
    this.receiver = undefined;
    receiver?.wake();
  }

  failReceiver(error: unknown): void {
    const { receiver } = this;
    this.receiver = undefined;
    receiver?.fail(error);
  }

  failSender(error: Error): void {
    const { sender } = this;
    this.sender = undefined;
    sender?.fail(error);
  }
}

class MemoryStream implements ByteStream {
  readonly #in: Flow;
  readonly #out: Flow;
  readonly #holding = own(this);
  #isClosed = false;
  #isReceiving = false;
  #isSending = false;

  constructor(incoming: Flow, outgoing: Flow) {
    this.#in = incoming;
    this.#out = outgoing;
  }

  async receive(max: number = Infinity, options?: WaitOptions): Promise<Uint8Array | undefined> {
    checkMax(max);
    const refused = refusalOf('receive', options);
    if (refused !== undefined) return refused;
    if (this.#isClosed) throw closed('receive');
    if (this.#isReceiving) throw busy('receive', 'receive');
    if (this.#in.bytes.length === 0 && !this.#in.hasEnded) await this.#untilBytes(options);
    const bytes = this.#take(max);
    await yieldIfDue();
    return bytes;
  }

  // One that is cancelled has left at once, whenever its caller goes on.
  async #untilBytes(options: WaitOptions | undefined): Promise<void> {
    await park<void>(
      (waker) => {
        this.#in.receiver = waker;
        this.#isReceiving = true;
        return () => {
          this.#in.receiver = undefined;
          this.#isReceiving = false;
        };
      },
      { signal: options?.signal, name: 'receive from a memory stream' },
    );
    this.#isReceiving = false;
  }

  // Woken, but closed before the caller went on: what there was is dropped.
  #take(max: number): Uint8Array | undefined {
    if (this.#isClosed) throw closed('receive');
    return this.#in.bytes.length === 0 ? undefined : this.#in.take(max);
  }

  async send(data: Uint8Array | string, options?: WaitOptions): Promise<void> {
    checkData(data);
    const refused = refusalOf('send', options);
    if (refused !== undefined) return refused;
    this.#checkSendable('send');
    if (data.length === 0) return yieldIfDue();
    if (this.#out.isFull()) await this.#afterCancelled(options);
    this.#out.put(typeof data === 'string' ? Buffer.from(data) : data);
    if (this.#out.isFull()) await this.#untilRoom(options);
    else await yieldIfDue();
  }

  /** Full already: an earlier send was cancelled. */
  async #afterCancelled(options: WaitOptions | undefined): Promise<void> {
    await this.#untilRoom(options);
    this.#checkOpen('send');
  }

  async #untilRoom(options: WaitOptions | undefined): Promise<void> {
    await park<void>(
      (waker) => {
        this.#out.sender = waker;
        this.#isSending = true;
        return () => {
          this.#out.sender = undefined;
          this.#isSending = false;
        };
      },
      { signal: options?.signal, name: 'send to a memory stream' },
    );
    this.#isSending = false;
  }

  async sendEof(options?: WaitOptions): Promise<void> {
    const refused = refusalOf('sendEof', options);
    if (refused !== undefined) return refused;
    if (!this.#out.hasEnded || this.#isClosed) this.#checkSendable('sendEof');
    this.#out.end();
    await yieldIfDue();
  }

  #checkSendable(verb: string): void {
    this.#checkOpen(verb);
    if (this.#isSending) throw busy(verb, 'send');
    if (!this.#out.hasEnded) return;
    throw new ClosedResourceError(
      `${verb}: sendEof() was called on the memory stream; nothing can be sent after it`,
    );
  }

  #checkOpen(verb: string): void {
    if (this.#isClosed) throw closed(verb);
    if (this.#out.isAbandoned) throw gone();
  }

  async close(): Promise<void> {
    await this[Symbol.asyncDispose]();
    throwIfCancelled();
  }

  /** @internal */
  [giveTo](group: TaskGroup): void {
    this.#holding.moveTo(group);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.destroy();
    return Promise.resolve();
  }

  // What was sent is with the other end already: nothing is lost by it.
  destroy(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#in.failReceiver(closed('receive'));
    this.#out.failSender(closed('send'));
    this.#out.end();
    this.#in.abandon(gone());
    this.#holding.release();
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<Uint8Array> {
    return new Pieces<Uint8Array>(this);
  }

  /** See {@link Pieces}. */
  _interrupt(): void {
    if (this.#in.receiver === undefined) return;
    this.#isReceiving = false;
    this.#in.failReceiver(INTERRUPTED);
  }
}

function busy(verb: string, other: string): BusyResourceError {
  return new BusyResourceError(
    `${verb}: another ${other} is under way on the memory stream; let one end before the next begins`,
  );
}

function closed(verb: string): ClosedResourceError {
  return new ClosedResourceError(`${verb}: the memory stream is closed at this end`);
}

function gone(): BrokenResourceError {
  return new BrokenResourceError('cannot send to the memory stream: its other end is closed');
}
