/** A number of permits in a time. */
export interface Rate {
  readonly permits: number;
  /** Milliseconds. */
  readonly per: number;
  /** The most at once. */
  readonly burst: number;
}

/** Knows when permits may be handed out. Nothing ticks in here: it only computes with instants. */
export interface RateWindow {
  /** Permits that may be handed out now; a fraction is one that is still growing. */
  available(now: number): number;
  /** The instant from which this number of permits, `burst` at most, may be handed out. */
  readyAt(permits: number, now: number): number;
  take(permits: number, now: number): void;
  change(rate: Rate, now: number): void;
  /** The clock is another one: moves the instants that are kept. */
  shift(ms: number): void;
}

/**
 * A token bucket, which starts full. Kept as the one instant at which it will be full, as in the generic
 * cell rate algorithm.
 */
export class Bucket implements RateWindow {
  #rate: Rate;
  #fullAt = -Infinity;

  constructor(rate: Rate) {
    this.#rate = rate;
  }

  available(now: number): number {
    return this.#rate.burst - Math.max(this.#fullAt - now, 0) / this.#interval;
  }

  readyAt(permits: number): number {
    return this.#fullAt - (this.#rate.burst - permits) * this.#interval;
  }

  take(permits: number, now: number): void {
    this.#fullAt = Math.max(this.#fullAt, now) + permits * this.#interval;
  }

  /** What is in the bucket stays in it, as far as there is room. */
  change(rate: Rate, now: number): void {
    const kept = Math.min(this.available(now), rate.burst);
    this.#rate = rate;
    this.#fullAt = now + (rate.burst - kept) * this.#interval;
  }

  shift(ms: number): void {
    this.#fullAt += ms;
  }

  /** Milliseconds in which one permit grows. */
  get #interval(): number {
    return this.#rate.per / this.#rate.permits;
  }
}

/** Never more than `permits` in any `per` milliseconds: remembers what was handed out within that time. */
export class Sliding implements RateWindow {
  #rate: Rate;
  /** Permits by the instant they were handed out, oldest first. */
  #taken = new Map<number, number>();
  #total = 0;

  constructor(rate: Rate) {
    this.#rate = rate;
  }

  available(now: number): number {
    this.#forget(now);
    return Math.max(this.#rate.permits - this.#total, 0);
  }

  readyAt(permits: number, now: number): number {
    this.#forget(now);
    let free = this.#rate.permits - this.#total;
    if (free >= permits) return now;
    for (const [instant, count] of this.#taken) {
      free += count;
      if (free >= permits) return instant + this.#rate.per;
    }
    return Infinity;
  }

  take(permits: number, now: number): void {
    this.#taken.set(now, (this.#taken.get(now) ?? 0) + permits);
    this.#total += permits;
  }

  change(rate: Rate): void {
    this.#rate = rate;
  }

  shift(ms: number): void {
    this.#taken = new Map([...this.#taken].map(([instant, count]) => [instant + ms, count]));
  }

  #forget(now: number): void {
    for (const [instant, count] of this.#taken) {
      if (instant + this.#rate.per > now) return;
      this.#taken.delete(instant);
      this.#total -= count;
    }
  }
}
