import { ambient } from '../loop/ambient.ts';
import { currentFrame } from '../scope/any-scope.ts';
import type { CancelScope } from '../scope/cancel-scope.ts';
import { onDrain } from '../scope/draining.ts';
import { drains } from '../waiting/on-draining.ts';
import { refuseIfCancelled } from '../waiting/park.ts';
import { ParkingLot } from '../waiting/parking-lot.ts';
import { paced, yieldIfDue } from '../waiting/ready.ts';
import type { Upstream } from './upstream.ts';

/** Around an item, which may be undefined itself. */
export interface Item<T> {
  readonly value: T;
}

/** What a pipeline makes its items of: a state machine that waits for nothing itself. */
export interface Stage<T> {
  /** A `next()` begins, at an instant of the loop's clock. */
  begin?(now: number): void;
  /** Takes the next item if it is there, and asks the sources for what is missing if not. */
  take(now: number): Item<T> | 'end' | undefined;
  /** The instant at which `take` is worth another try, also if nothing has changed upstream. */
  readonly due?: number | undefined;
  /** It makes its items itself, and so ends when the scope of a `next()` drains. */
  readonly isSource?: boolean;
}

/**
 * The iterator in front of a stage. Written by hand: an async generator that waits cannot be stopped, as
 * its `return()` queues behind the `next()` that is pending.
 */
export class Pipeline<T> implements AsyncIterableIterator<T>, AsyncDisposable {
  readonly #upstream: Upstream;
  readonly #stage: Stage<T>;
  /** Callers of `next()` that came while another one was waiting. */
  readonly #turns = new ParkingLot();
  /** Where nothing follows an await, the later calls of a loop come without a scope: this one holds for them. */
  readonly #made = ambient.isFollowing ? undefined : currentFrame()._scope;
  #isBusy = false;

  constructor(upstream: Upstream, stage: Stage<T>) {
    this.#upstream = upstream;
    this.#stage = stage;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<T, undefined>> {
    const isLost = this.#made !== undefined && ambient.get() === undefined;
    const scope = isLost ? this.#made : currentFrame()._scope;
    let item: Item<T> | undefined;
    try {
      item = await this.#takeInTurn(scope);
    } catch (error) {
      return this.#failed(scope, error);
    }
    if (item === undefined) return this.#end();
    const pause = scope._runtime.pause();
    if (pause !== undefined) await pause;
    return { done: false, value: item.value };
  }

  async return(): Promise<IteratorResult<T, undefined>> {
    await paced(this.#upstream.close());
    return { done: true, value: undefined };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await paced(this.#upstream.close());
  }

  async #takeInTurn(scope: CancelScope): Promise<Item<T> | undefined> {
    const { name, signal } = this.#upstream;
    refuseIfCancelled(scope, signal);
    if (this.#isBusy) await this.#turns.park({ name, signal });
    this.#isBusy = true;
    try {
      return this.#upstream.isClosed ? undefined : await this.#take(scope);
    } finally {
      // The place is handed on: giving it back first would let a newcomer overtake.
      if (this.#turns.unpark() === 0) this.#isBusy = false;
    }
  }

  // Taken in the same tick in which it is there: a call that is cancelled while waiting has taken nothing.
  async #take(scope: CancelScope): Promise<Item<T> | undefined> {
    const { loop } = scope._nearestOpen()._runtime;
    this.#stage.begin?.(loop.now());
    const isSource = this.#stage.isSource === true;
    for (;;) {
      if (isSource && drains(scope, this.#upstream.signal)) return undefined;
      const found = this.#stage.take(loop.now());
      if (found === 'end') return undefined;
      if (found !== undefined) return found;
      if (this.#upstream.isOver) return undefined;
      const change = this.#upstream.change(scope, this.#stage.due ?? Infinity);
      await (isSource ? this.#orDraining(scope, change) : change);
    }
  }

  async #orDraining(scope: CancelScope, change: Promise<void>): Promise<void> {
    const registration = onDrain(scope, () => {
      this.#upstream.tell();
    });
    try {
      await change;
    } finally {
      registration[Symbol.dispose]();
    }
  }

  /** There is nothing to come: the sources have ended, or it was closed, cancelled, or has failed. */
  async #end(): Promise<IteratorResult<T, undefined>> {
    const { isClosed, reason, signal } = this.#upstream;
    await paced(this.#upstream.close());
    if (!isClosed && reason !== undefined) throw signal?.aborted === true ? signal.reason : reason;
    return { done: true, value: undefined };
  }

  // `for await` does not call return() when next() rejects: the rest is ended here.
  async #failed(scope: CancelScope, error: unknown): Promise<never> {
    // Only this call was cancelled: the iterator is as before, for its owner.
    const isOfCall = error === scope.reason && this.#upstream.reason === undefined;
    // What fails now is a failure; this is a cancellation, or a timeout, and gives way to it.
    if (isOfCall) await yieldIfDue();
    else await paced(this.#upstream.close());
    throw error;
  }
}
