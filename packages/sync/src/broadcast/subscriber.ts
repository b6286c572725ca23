import type { Tally, Waker } from '@ambit/core/lowlevel';
import { EndOfChannelError, LaggedError } from '../internal/errors.ts';
import type { ItemSource, Ready } from '../internal/item-source.ts';
import type { BroadcastLog, Cursor } from './broadcast-log.ts';
import { PendingReads } from './pending-reads.ts';

/** The part of a broadcast that its subscribers see. */
interface SubscriberContext<T> {
  readonly label: string;
  readonly isSilent: boolean;
  readonly waiting: Set<Subscriber<T>>;
  readonly receives: Tally;
  isClosed(): boolean;
  onRead(): void;
  onClose(): void;
}

/** A place in the log of a broadcast, and the calls of `next()` that wait at its end. */
export class Subscriber<T> implements ItemSource<T> {
  readonly #log: BroadcastLog<T>;
  readonly #cursor: Cursor<T>;
  readonly #context: SubscriberContext<T>;
  readonly #line: PendingReads<T, Subscriber<T>>;

  constructor(log: BroadcastLog<T>, context: SubscriberContext<T>) {
    this.#log = log;
    this.#cursor = log.open();
    this.#context = context;
    this.#line = new PendingReads(context.waiting, this, context.receives);
  }

  get label(): string {
    return this.#context.label;
  }

  poll(): Ready<T> | undefined {
    this.#checkMissed();
    const item = this.#log.peek(this.#cursor);
    if (item === undefined) {
      if (this.#context.isClosed()) throw this.#ended();
      return undefined;
    }
    this.#log.advance(this.#cursor);
    this.#context.onRead();
    return item;
  }

  #checkMissed(): void {
    const missed = this.#log.missed(this.#cursor);
    if (missed === 0 || this.#context.isSilent) return;
    throw new LaggedError(
      `${this.label}: this subscriber was too slow and has missed ${missed} items; iterate again to go on`,
      missed,
    );
  }

  enlist(waker: Waker<T>): () => void {
    return this.#line.enlist(waker);
  }

  /** There is a new item, and a call of `next()` waits for it. */
  deliver(): void {
    const item = this.#log.peek(this.#cursor);
    if (item !== undefined && this.#line.wake(item.value)) this.#log.advance(this.#cursor);
  }

  end(): void {
    this.#line.failAll(() => this.#ended());
  }

  isEnd(error: unknown): boolean {
    return error instanceof EndOfChannelError;
  }

  close(): void {
    this.#context.onClose();
    this.#log.close(this.#cursor);
    this.#context.onRead();
  }

  #ended(): EndOfChannelError {
    return new EndOfChannelError(`${this.label}: the broadcast is closed`);
  }
}
