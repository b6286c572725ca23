import { noteCall } from '../loop/note-call.ts';
import { currentFrame } from '../scope/any-scope.ts';
import { currentRuntime } from '../scope/current-scope.ts';
import {
  checkCount,
  checkFunction,
  checkOptions,
  checkSignal,
  checkTime,
} from '../internal/check.ts';
import { refusalIn } from '../waiting/park.ts';
import { sleep } from '../waiting/sleep.ts';
import { helperGroup } from '../tasks/run-group.ts';
import type { TaskGroup } from '../tasks/task-group.ts';
import type { Task } from '../tasks/task.ts';
import type { SignalOptions } from '../internal/signal-options.ts';

/** Options for `proactiveRetry`. */
export interface ProactiveRetryOptions extends SignalOptions {
  /** Milliseconds before the second attempt, less up to half at random; doubled for each further one.
   * Default 1000. */
  readonly baseMs?: number | undefined;
  /** Attempts in all; a whole number from 1, or `Infinity` (default). */
  readonly maxAttempts?: number | undefined;
  /** Told of each failed attempt but the one whose error is thrown. Throwing here ends it all. */
  readonly onError?: ((error: unknown, attempt: number) => void) | undefined;
}

type Attempt<T> = (signal: AbortSignal, attempt: number) => T | PromiseLike<T>;

/**
 * Calls a function again and again without waiting for it to fail (hedging), until one call succeeds:
 * abort-controller-x's `proactiveRetry`, on the loop's clock, and with the calls as tasks. The others are
 * cancelled and waited for; what fails in their cleanup is dropped. A checkpoint.
 *
 * @param fn - gets a signal, aborted once another call has won or this one is cancelled, and the number
 *   of the attempt, from 0
 * @param options - `baseMs`, `maxAttempts`, `onError`, `signal`
 * @returns the first value
 * @throws (rejects) the last error, once all attempts have failed; what `onError` throws; the ambient
 *   scope's CancelledError; `signal.reason`
 * @example
 * const page = await proactiveRetry((signal) => fetch(url, { signal }), { baseMs: 200, maxAttempts: 3 });
 */
export async function proactiveRetry<T>(
  fn: (signal: AbortSignal, attempt: number) => T | PromiseLike<T>,
  options: ProactiveRetryOptions = {},
): Promise<T> {
  checkFunction('proactiveRetry', 'fn', fn);
  checkRetryOptions(options);
  noteCall('proactiveRetry', options);
  const refused = refusalIn(currentFrame()._scope, options.signal);
  if (refused !== undefined) return refused;
  const attempts = new Attempts(fn, options);
  try {
    await helperGroup((group) => attempts.run(group), {
      name: 'proactiveRetry',
      children: 'judged',
      signal: options.signal,
    });
  } catch (error) {
    // An outcome stands against a cancellation that comes while the others wind down.
    if (!attempts.isOver) throw error;
  }
  return attempts.result();
}

function checkRetryOptions(options: ProactiveRetryOptions): void {
  checkOptions('proactiveRetry', options);
  checkSignal('proactiveRetry', options.signal);
  if (options.baseMs !== undefined) checkTime('proactiveRetry', 'baseMs', options.baseMs);
  if (options.maxAttempts !== undefined) {
    checkCount('proactiveRetry', 'maxAttempts', options.maxAttempts, 1);
  }
  if (options.onError !== undefined) checkFunction('proactiveRetry', 'onError', options.onError);
}

/** The state of one `proactiveRetry`. */
class Attempts<T> {
  readonly #fn: Attempt<T>;
  readonly #options: ProactiveRetryOptions;
  #outcome: { readonly value: T } | { readonly error: unknown } | undefined;
  #pending = 0;
  #hasMore = true;

  constructor(fn: Attempt<T>, options: ProactiveRetryOptions) {
    this.#fn = fn;
    this.#options = options;
  }

  get isOver(): boolean {
    return this.#outcome !== undefined;
  }

  async run(group: TaskGroup): Promise<void> {
    const { baseMs = 1000, maxAttempts = Infinity } = this.#options;
    const runtime = currentRuntime();
    for (let attempt = 0; !this.isOver; attempt += 1) {
      this.#hasMore = attempt + 1 < maxAttempts;
      this.#start(group, attempt);
      if (!this.#hasMore) return;
      const backoff = Math.max(baseMs, 0) * 2 ** attempt;
      const ms = Math.round((backoff * (1 + runtime.random())) / 2);
      // By the signal too: beyond the first await, runtimes without ambient context do not know the group.
      await sleep(ms, { signal: group.signal });
    }
  }

  #start(group: TaskGroup, attempt: number): void {
    const fn = this.#fn;
    this.#pending += 1;
    const name = `${fn.name || 'attempt'} ${String(attempt)}`;
    const task = group.spawn(() => fn(group.signal, attempt), { name });
    if (task._settled === undefined) task._listen(() => this.#ended(group, task, attempt));
    else this.#ended(group, task, attempt);
  }

  #ended(group: TaskGroup, task: Task<T>, attempt: number): void {
    if (this.isOver) return;
    if (task._settled === 'fulfilled') this.#end(group, { value: task._result as T });
    // Cancelled from outside: what fails now is for the group to tell.
    else if (group.scope.reason === undefined) this.#failed(group, task._result, attempt);
  }

  #failed(group: TaskGroup, error: unknown, attempt: number): void {
    this.#pending -= 1;
    if (!this.#hasMore && this.#pending === 0) {
      this.#end(group, { error });
      return;
    }
    try {
      this.#options.onError?.(error, attempt);
    } catch (refusal) {
      this.#end(group, { error: refusal });
    }
  }

  #end(group: TaskGroup, outcome: { readonly value: T } | { readonly error: unknown }): void {
    this.#outcome ??= outcome;
    group.cancel();
  }

  result(): T {
    const outcome = this.#outcome;
    if (outcome === undefined || 'error' in outcome) throw outcome?.error;
    return outcome.value;
  }
}
