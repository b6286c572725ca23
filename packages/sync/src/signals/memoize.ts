import {
  captureOwner,
  checkAnswer,
  checkCall,
  checkCount,
  checkFunction,
  checkName,
  checkOptions,
  ready,
  refused,
  Tally,
  throwIfCancelled,
} from '@ambit/core/lowlevel';
import type { CallForOwner, SignalOptions } from '@ambit/core/lowlevel';
import { inSteps } from '../internal/after.ts';
import { checkPeriod } from '../internal/check.ts';
import { Answers } from './memo-answers.ts';
import { memoKey } from './memo-key.ts';
import { SingleFlight } from './single-flight.ts';
import { labelOf } from '../internal/options.ts';
import type { NameOptions } from '../internal/options.ts';

/** Options for {@link memoize}. */
export interface MemoizeOptions<A extends unknown[]> extends NameOptions {
  /** Returns what calls must have in common to share a result. Default: all arguments, objects by identity. */
  readonly key?: ((...args: A) => unknown) | undefined;
  /** How many results are kept; the least recently used goes. A whole number from 1; default `Infinity`. */
  readonly max?: number | undefined;
  /** Milliseconds, by the loop's clock, for which a result is kept. Default `Infinity`. */
  readonly ttl?: number | undefined;
}

/** Returned by the `statistics()` of a memoized function. */
export interface MemoizeStatistics {
  /** How many results are kept. */
  readonly size: number;
  /** How many results are being made. */
  readonly running: number;
  /** How many callers wait for a result that another call makes. */
  readonly waiting: number;
  /** The most callers that ever waited at one time. */
  readonly peak: number;
}

/** The methods of a memoized function, which has the type `F`. */
export interface Memory<A extends unknown[], F = (...args: A) => Promise<unknown>> {
  /**
   * Returns the function with options for its calls.
   *
   * @param options - `signal`: ends a call, which rejects with `signal.reason`; other calls for the same result go on
   * @throws TypeError if it is not an AbortSignal
   * @example
   * const user = await userOf.with({ signal: request.signal })('u-17');
   */
  with(options: SignalOptions): F;
  /**
   * Forgets the result for these arguments, also one that is being made.
   *
   * @param args - as of a call
   * @returns whether there was one
   */
  delete(...args: A): boolean;
  /** Forgets all results, also those being made: callers that wait for one still get it. */
  clear(): void;
  /** Returns a snapshot for diagnostics. */
  statistics(): MemoizeStatistics;
}

/** A function that remembers its results; made by {@link memoize}. */
export interface Memoized<A extends unknown[], R> extends Memory<A, (...args: A) => Promise<R>> {
  (...args: A): Promise<R>;
}

/** Any function that returns a promise. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- each function keeps its own type
export type AsyncFunction = (this: any, ...args: any[]) => Promise<unknown>;

/**
 * Makes a function that remembers its results. Calls with the same key that come while the result is
 * being made wait for it; if that fails or is cancelled, nothing is remembered, and the next of them makes
 * it in its own scope. Different keys do not wait for each other. Each call is a checkpoint, also one
 * whose result is known.
 *
 * What `fn` opens belongs to the memoized function: to the group in which `memoize` was called, not to
 * the group of the caller that happened to ask first. `fn` gets the `this` of the call; results are
 * shared by all calls with the same key, also if their `this` differs: memoize a method once for each object.
 *
 * @param fn - called in the context of the call of `memoize`; cancelled with the call that makes the result
 * @param options - `key`, `max`, `ttl` in milliseconds; `name`: shown in the task tree
 * @returns the function, with the name of `fn`; generic functions keep their types
 * @throws RangeError or TypeError if an argument is not what it should be
 * @example
 * const userOf = memoize((id: string) => fetchUser(id), { max: 1000, ttl: 60_000 });
 * const user = await userOf('u-17');
 */
export function memoize<F extends AsyncFunction>(
  fn: F,
  options?: MemoizeOptions<Parameters<F>>,
): F & Memory<Parameters<F>, F>;
export function memoize<A extends unknown[], R>(
  fn: (...args: A) => R | PromiseLike<R>,
  options?: MemoizeOptions<A>,
): Memoized<A, R>;
export function memoize<A extends unknown[], R>(
  fn: (...args: A) => R | PromiseLike<R>,
  options?: MemoizeOptions<A>,
): Memoized<A, R> {
  checkFunction('memoize', 'fn', fn);
  const cache = new Cache<A, R>(fn, options);
  // A method under the name of the function has that name.
  const under = (signal: AbortSignal | undefined) =>
    ({
      [fn.name](this: unknown, ...args: A): Promise<R> {
        return cache.call(this, args, signal);
      },
    })[fn.name] as (...args: A) => Promise<R>;
  return Object.assign(under(undefined), {
    with: (options: SignalOptions) => under(signalOf(options)),
    delete: (...args: A) => cache.delete(args),
    clear: () => cache.clear(),
    statistics: () => cache.statistics(),
  });
}

function signalOf(options: SignalOptions | undefined): AbortSignal | undefined {
  checkCall('with', options);
  return options?.signal;
}

interface Call<A> {
  readonly self: unknown;
  readonly args: A;
  readonly signal: AbortSignal | undefined;
}

class Cache<A extends unknown[], R> {
  readonly #fn: (...args: A) => R | PromiseLike<R>;
  readonly #keyOf: (args: A) => unknown;
  readonly #label: string;
  readonly #own: CallForOwner = captureOwner();
  readonly #answers: Answers<R>;
  readonly #running = new Map<unknown, SingleFlight<R>>();
  readonly #waits = new Tally();

  constructor(fn: (...args: A) => R | PromiseLike<R>, options: MemoizeOptions<A> | undefined) {
    checkOptions('memoize', options);
    checkName('memoize', options?.name);
    const { key, max = Infinity, ttl = Infinity } = options ?? {};
    if (key !== undefined) checkFunction('memoize', 'key', key);
    checkCount('memoize', 'max', max, 1);
    checkPeriod('memoize', 'ttl', ttl);
    this.#fn = fn;
    this.#keyOf =
      key === undefined
        ? memoKey
        : (args) => {
            const answer = key.apply(options, args);
            checkAnswer('memoize', 'key', answer);
            return answer;
          };
    const name = options?.name ?? (fn.name === '' ? undefined : fn.name);
    this.#label = labelOf('memoize', 'memoize', { name });
    this.#answers = new Answers<R>(max, ttl);
  }

  call(self: unknown, args: A, signal: AbortSignal | undefined): Promise<R> {
    let key: unknown;
    try {
      throwIfCancelled({ signal });
      key = this.#keyOf(args);
      const known = this.#answers.use(key);
      if (known !== undefined) return ready(known.value);
    } catch (error) {
      return refused(error);
    }
    return this.#miss(key, { self, args, signal });
  }

  // Apart: no arrow in what each hit calls.
  #miss(key: unknown, { self, args, signal }: Call<A>): Promise<R> {
    return inSteps(() => this.#make(key, () => this.#fn.apply(self, args), signal));
  }

  delete(args: A): boolean {
    const key = this.#keyOf(args);
    const wasRunning = this.#running.delete(key);
    return this.#answers.delete(key) || wasRunning;
  }

  clear(): void {
    this.#answers.clear();
    this.#running.clear();
  }

  statistics(): MemoizeStatistics {
    const { size: waiting, peak } = this.#waits;
    return { size: this.#answers.size, running: this.#running.size, waiting, peak };
  }

  async #make(
    key: unknown,
    fn: () => R | PromiseLike<R>,
    signal: AbortSignal | undefined,
  ): Promise<R> {
    const flight = this.#running.get(key) ?? this.#newFlight();
    this.#running.set(key, flight);
    const make = async (): Promise<R> => {
      const value = await fn();
      if (this.#running.get(key) === flight) this.#keep(key, value);
      return value;
    };
    try {
      return await flight.get('memoize', make, { signal });
    } finally {
      const isOver = flight.state !== 'running';
      if (isOver && this.#running.get(key) === flight) this.#running.delete(key);
    }
  }

  #newFlight(): SingleFlight<R> {
    const flight = new SingleFlight<R>(this.#label, this.#own);
    flight.lot.tally = this.#waits;
    return flight;
  }

  #keep(key: unknown, value: R): void {
    this.#running.delete(key);
    this.#answers.keep(key, value);
  }
}
