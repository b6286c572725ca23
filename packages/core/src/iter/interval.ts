import { checkCall } from '../waiting/call-options.ts';
import type { SignalOptions } from '../internal/signal-options.ts';
import { checkOneOf, checkTime, show } from '../internal/check.ts';
import { Pipeline } from './pipeline.ts';
import type { Item, Stage } from './pipeline.ts';
import { Upstream } from './upstream.ts';

/** Options for {@link interval}. */
export interface IntervalOptions extends SignalOptions {
  /**
   * What happens to ticks that no caller was ready for:
   * - `'burst'` (default): they follow at once, until it has caught up; none is lost
   * - `'delay'`: the next one comes a full period after the late one; the rhythm shifts
   * - `'skip'`: they are left out; the rhythm stays
   */
  readonly missed?: 'burst' | 'delay' | 'skip' | undefined;
}

class Ticks implements Stage<number> {
  readonly isSource = true;
  /** When the next tick is. */
  due: number | undefined;
  readonly #period: number;
  readonly #missed: NonNullable<IntervalOptions['missed']>;
  #count = 0;
  #isAskedLate = false;

  constructor(period: number, missed: NonNullable<IntervalOptions['missed']>) {
    this.#period = period;
    this.#missed = missed;
  }

  begin(now: number): void {
    this.due ??= now;
    this.#isAskedLate = now > this.due;
  }

  take(now: number): Item<number> | undefined {
    const due = this.due as number;
    if (now < due) return undefined;
    this.due = this.#after(due, now);
    this.#count += 1;
    return { value: this.#count - 1 };
  }

  #after(due: number, now: number): number {
    if (this.#missed === 'skip' && now > due) {
      return due + this.#period * (1 + Math.floor((now - due) / this.#period));
    }
    // That a timer fired a little late is no reason to shift.
    const isMissed = this.#isAskedLate || now - due >= this.#period;
    return (this.#missed === 'delay' && isMissed ? now : due) + this.#period;
  }
}

/**
 * Makes an iterator that ticks: 0 at the first `next()`, then 1, 2, 3 … one period after the other, by the
 * loop's clock. No timer runs while no caller waits for a tick. The ticks end when the scope of `next()` drains.
 *
 * @param ms - the period in milliseconds, more than 0; `Infinity`: there is only the first tick
 * @param options - `missed`: what to do when the consumer is late
 * @returns an iterator of the numbers of the ticks; `next()` is a checkpoint, and rejects with the
 *   ambient scope's CancelledError
 * @throws RangeError, TypeError for bad arguments
 * @example
 * for await (const tick of interval(60_000, { missed: 'skip' })) {
 *   await collectMetrics(tick);
 * }
 */
export function interval(
  ms: number,
  options?: IntervalOptions,
): AsyncIterableIterator<number> & AsyncDisposable {
  checkTime('interval', 'ms', ms);
  if (ms <= 0) throw new RangeError(`interval: ms is ${show(ms)}; give a period of more than 0`);
  checkCall('interval', options);
  const { missed = 'burst' } = options ?? {};
  checkOneOf('interval', 'missed', missed, ['burst', 'delay', 'skip']);
  return new Pipeline(new Upstream('interval', options), new Ticks(ms, missed));
}
