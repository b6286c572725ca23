import { keepShape } from '../internal/keep-shapes.ts';
import type { Expiring, Timer } from '../loop/timer-heap.ts';
import type { Timers } from '../loop/timers.ts';
import { countSettledWaits } from './waiter.ts';
import type { Waiter } from './waiter.ts';
import type { Undo } from './waker.ts';

/** A sleep under way: what its timer wakes, and what takes it back, in one object. */
export class Sleeping<T> implements Expiring, Undo {
  static {
    keepShape(this, new Sleeping(undefined as never, undefined, undefined));
  }

  readonly _waiter: Waiter<T>;
  /** In milliseconds; undefined: up to an instant. */
  readonly _length: number | undefined;
  readonly _stretch: number | undefined;
  readonly #value: T;
  #timers: Timers | undefined;
  #timer: Timer | undefined;

  constructor(waiter: Waiter<T>, length: number | undefined, value: T) {
    this._waiter = waiter;
    this._length = length;
    this._stretch = length === undefined ? undefined : countSettledWaits();
    this.#value = value;
  }

  begin(timers: Timers, instant: number): void {
    this.#timers = timers;
    this.#timer = timers.add(instant, this);
  }

  _expire(): void {
    this._waiter.wake(this.#value);
  }

  abandon(): void {
    if (this.#timer !== undefined) this.#timers?.remove(this.#timer);
  }

  get _until(): number | undefined {
    return this.#timer?.when;
  }
}
