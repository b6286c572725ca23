import { currentLoop, enter } from '@ambit/core/lowlevel';
import { checkCount, checkDuration, checkFunction, checkName, checkOptions } from './check.ts';
import { memoKey } from './memo-key.ts';
import { Once } from './once.ts';
import type { NameOptions } from './options.ts';
import { taken } from './taken.ts';

/** What `memoize` takes besides. */
export interface MemoizeOptions<A extends unknown[]> extends NameOptions {
  /** What calls have to have in common to share a result. Default: all arguments, objects by identity. */
  readonly key?: ((...args: A) => unknown) | undefined;
  /** How many results are kept; the one not used for longest goes. A whole number from 1; default `Infinity`. */
  readonly max?: number | undefined;
  /** Milliseconds, by the loop's clock, for which a result is good. Default `Infinity`. */
  readonly ttl?: number | undefined;
}

/** What `Memoize.statistics()` tells: how it stands at this moment. */
export interface MemoizeStatistics {
  /** Results kept, those included that are too old and have not been asked for since. */
  readonly size: number;
  /** Results being made. */
  readonly running: number;
  /** How many wait. */
  readonly waiting: number;
}

/** A function that remembers what it answered; made by `memoize`. */
export interface Memoized<A extends unknown[], R> {
  (...args: A): Promise<R>;
  /**
   * Forgets the result for these arguments, also one being made.
   *
   * @param args - as of a call
   * @returns whether there was one
   */
  delete(...args: A): boolean;
  /** Forgets all results, also those being made: who waits for one still gets it. */
  clear(): void;
  /** How it stands: who waits, and what is held. */
  statistics(): MemoizeStatistics;
}

/**
 * Remembers what a function answers. Calls with the same key that come while the answer is being made
 * wait for it; if that fails or is cancelled it is not remembered, and the next of them makes it in its
 * own scope. Different keys do not wait for each other. Each call is a checkpoint, also a hit.
 *
 * @param fn - called in the flow of the call that makes the answer, which it is cancelled with
 * @param options - `key`, `max`, `ttl` in milliseconds; `name`: shown in the task tree
 * @throws RangeError or TypeError if an argument is not what it should be
 * @example
 * const userOf = memoize((id: string) => fetchUser(id), { max: 1000, ttl: 60_000 });
 * const user = await userOf('u-17');
 */
export function memoize<A extends unknown[], R>(
  fn: (...args: A) => R | PromiseLike<R>,
  options?: MemoizeOptions<A>,
): Memoized<A, R> {
  checkFunction('memoize', 'fn', fn);
  const memory = new Memory<A, R>(fn, options);
  return Object.assign((...args: A) => memory.call(args), {
    delete: (...args: A) => memory.delete(args),
    clear: () => memory.clear(),
    statistics: () => memory.statistics(),
  });
}

interface Answer<R> {
  readonly value: R;
  readonly until: number;
}

class Memory<A extends unknown[], R> {
  readonly #fn: (...args: A) => R | PromiseLike<R>;
  readonly #key: (...args: A) => unknown;
  readonly #max: number;
  readonly #ttl: number;
  readonly #name: string | undefined;
  /** Least recently used first. */
  readonly #answers = new Map<unknown, Answer<R>>();
  readonly #running = new Map<unknown, Once<R>>();

  constructor(fn: (...args: A) => R | PromiseLike<R>, options: MemoizeOptions<A> | undefined) {
    checkOptions('memoize', options);
    checkName('memoize', options?.name);
    this.#name = options?.name ?? (fn.name === '' ? undefined : fn.name);
    const { key = (...args: A) => memoKey(args), max = Infinity, ttl = Infinity } = options ?? {};
    checkFunction('memoize', 'key', key);
    checkCount('memoize', 'max', max, 1);
    checkDuration('memoize', 'ttl', ttl);
    this.#fn = fn;
    this.#key = key;
    this.#max = max;
    this.#ttl = ttl;
  }

  async call(args: A): Promise<R> {
    enter();
    const key = this.#key(...args);
    const known = this.#recall(key);
    return known === undefined ? this.#make(key, args) : taken(known.value);
  }

  delete(args: A): boolean {
    const key = this.#key(...args);
    const wasRunning = this.#running.delete(key);
    return this.#answers.delete(key) || wasRunning;
  }

  clear(): void {
    this.#answers.clear();
    this.#running.clear();
  }

  /** How it stands: who waits, and what is held. */
  statistics(): MemoizeStatistics {
    let waiting = 0;
    for (const once of this.#running.values()) waiting += once.statistics().waiting;
    return { size: this.#answers.size, running: this.#running.size, waiting };
  }

  #recall(key: unknown): Answer<R> | undefined {
    const answer = this.#answers.get(key);
    if (answer === undefined) return undefined;
    this.#answers.delete(key);
    if (answer.until <= currentLoop().now()) return undefined;
    this.#answers.set(key, answer);
    return answer;
  }

  async #make(key: unknown, args: A): Promise<R> {
    const once = this.#running.get(key) ?? new Once<R>({ name: this.#name });
    this.#running.set(key, once);
    try {
      return await once.get(async () => {
        const value = await this.#fn(...args);
        if (this.#running.get(key) === once) this.#keep(key, value);
        return value;
      });
    } finally {
      const isOver = once.statistics().state !== 'running';
      if (isOver && this.#running.get(key) === once) this.#running.delete(key);
    }
  }

  #keep(key: unknown, value: R): void {
    this.#running.delete(key);
    this.#answers.set(key, { value, until: currentLoop().now() + this.#ttl });
    if (this.#answers.size <= this.#max) return;
    const [eldest] = this.#answers.keys();
    this.#answers.delete(eldest);
  }
}
