import { keepShape } from '../internal/keep-shapes.ts';
import type { Expiring, Timer } from '../loop/timer-heap.ts';
import type { Timers } from '../loop/timers.ts';
import type { ParkOptions } from './park-options.ts';
import { countSettledWaits } from './waiter.ts';
import type { Waiter } from './waiter.ts';
import type { Undo } from './waker.ts';

export interface Nap<T> extends ParkOptions {
  readonly instant: number;
  /** In milliseconds; undefined: up to the instant. */
  readonly length: number | undefined;
  readonly value: T;
}

/** A sleep under way: what its timer wakes, and what takes it back, in one object. */
export class Sleeping<T> implements Expiring, Undo {
  static {
    keepShape(this, new Sleeping({} as never, {} as never, { add: () => undefined } as never));
  }

  readonly _waiter: Waiter<T>;
  readonly _length: number | undefined;
  readonly _stretch: number | undefined;
  readonly #value: T;
  readonly #timers: Timers;
  readonly _timer: Timer;

  constructor(waiter: Waiter<T>, { instant, length, value }: Nap<T>, timers: Timers) {
    this._waiter = waiter;
    this._length = length;
    this._stretch = length === undefined ? undefined : countSettledWaits();
    this.#value = value;
    this.#timers = timers;
    this._timer = timers.add(instant, this);
  }

  _expire(): void {
    this._waiter.wake(this.#value);
  }

  abandon(): void {
    this.#timers.remove(this._timer);
  }
}
