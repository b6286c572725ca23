import { contextSnapshot } from '@ambit/core';
import type { Handle } from '@ambit/core';
import { LoopClock } from '../internal/loop-clock.ts';

interface Answer<R> {
  readonly value: R;
  until: number;
}

/**
 * The answers that a memoized function remembers: at most `max`, the least recently used goes first, and
 * each for `ttl` milliseconds. One timer, which does not keep the process alive, lets the expired ones go.
 */
export class Answers<R> {
  readonly #max: number;
  readonly #ttl: number;
  readonly #clock = new LoopClock();
  // The timer must not hold the context of the caller that happened to arm it.
  readonly #outside = contextSnapshot();
  /** Least recently used first. */
  readonly #byUse = new Map<unknown, Answer<R>>();
  /** Oldest first, and so first to expire; empty without a `ttl`. */
  readonly #byAge = new Map<unknown, Answer<R>>();
  #timer: Handle | undefined;

  constructor(max: number, ttl: number) {
    this.#max = max;
    this.#ttl = ttl;
  }

  get size(): number {
    return this.#byUse.size;
  }

  /** The answer, if there is one that is still good; it counts as used. */
  use(key: unknown): Answer<R> | undefined {
    const answer = this.#byUse.get(key);
    if (answer === undefined) return undefined;
    if (answer.until <= this.#now()) {
      this.delete(key);
      return undefined;
    }
    this.#byUse.delete(key);
    this.#byUse.set(key, answer);
    return answer;
  }

  keep(key: unknown, value: R): void {
    this.delete(key);
    const answer = { value, until: this.#ttl === Infinity ? Infinity : this.#now() + this.#ttl };
    this.#byUse.set(key, answer);
    if (this.#ttl !== Infinity) this.#byAge.set(key, answer);
    if (this.#byUse.size > this.#max) this.delete(first(this.#byUse));
    if (this.#timer === undefined) this.#arm();
  }

  delete(key: unknown): boolean {
    this.#byAge.delete(key);
    return this.#byUse.delete(key);
  }

  clear(): void {
    this.#byAge.clear();
    this.#byUse.clear();
    this.#disarm();
  }

  #now(): number {
    const shift = this.#clock.follow();
    if (shift !== 0) {
      for (const answer of this.#byAge.values()) answer.until += shift;
      this.#arm();
    }
    return this.#clock.now();
  }

  #arm(): void {
    this.#disarm();
    const [oldest] = this.#byAge.values();
    if (oldest === undefined) return;
    this.#timer = this.#outside(() => this.#clock.callIdleAt(oldest.until, this.#expire));
  }

  #disarm(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  readonly #expire = (): void => {
    const now = this.#clock.now();
    for (const [key, { until }] of this.#byAge) {
      if (until > now) break;
      this.delete(key);
    }
    this.#arm();
  };
}

function first(map: ReadonlyMap<unknown, unknown>): unknown {
  const [key] = map.keys();
  return key;
}
