import { ambient } from '../loop/ambient.ts';
import { currentFrame } from '../scope/any-scope.ts';
import type { Frame } from '../scope/frame.ts';
import { checkCount, checkFunction, checkOneOf, checkTime } from '../internal/check.ts';
import { checkCall } from '../waiting/call-options.ts';
import type { SignalOptions } from '../internal/signal-options.ts';
import { untilDraining } from '../waiting/on-draining.ts';
import { refuseIfCancelled } from '../waiting/park.ts';
import { sleep } from '../waiting/sleep.ts';
import { underSignal } from '../waiting/under-signal.ts';
import { checkBackoff, delayAfter } from './backoff.ts';
import type { Backoff } from './backoff.ts';
import { paced } from '../waiting/ready.ts';

/** Options for {@link supervise}. */
export interface SuperviseOptions extends Backoff, SignalOptions {
  /** `'on-failure'` (default): a run that gives a value is the last one; `'always'`: it is begun again, too. */
  readonly restart?: 'on-failure' | 'always' | undefined;
  /** Milliseconds: a run that lasts this long sets the delay and the number of the attempt back. Default 60,000. */
  readonly resetAfter?: number | undefined;
  /** Restarts within `within`, a whole number from 0: one more, and the supervision ends. Default: no limit. */
  readonly maxRestarts?: number | undefined;
  /** Milliseconds. Default: `Infinity`, all restarts count. */
  readonly within?: number | undefined;
  /** Whether to restart after this error; a promise of the answer is awaited. Default: always. */
  readonly when?: ((error: unknown) => boolean | PromiseLike<boolean>) | undefined;
  /** Called before each delay, with its milliseconds; a promise is awaited. `error` is undefined after a run that gave a value. */
  readonly onRestart?:
    ((error: unknown, nextAttempt: number, delay: number) => unknown) | undefined;
}

/**
 * Runs something that is meant to go on, for example a consumer or a connection, and begins it again when it fails, with growing
 * delays. A cancelled scope ends it at once; in a scope that drains nothing is begun again. A checkpoint.
 *
 * @param fn - gets the number of the attempt, from 1; after a run of `resetAfter` it is 1 again
 * @param options - when and how fast to restart; `signal`: ends it, too
 * @returns the value of the run that was the last; with `restart: 'always'` once there are too many restarts, or once the
 *   scope drains
 * @throws (rejects) the error of the last run, itself, if there are too many restarts, `when` refuses or the scope drains; what `when` or
 *   `onRestart` throws; the ambient scope's CancelledError; `signal.reason`
 * @example
 * await supervise(() => consume(queue), { maxRestarts: 10, within: 60_000 });
 */
export async function supervise<T>(
  fn: (attempt: number) => T | PromiseLike<T>,
  options: SuperviseOptions = {},
): Promise<T> {
  checkFunction('supervise', 'fn', fn);
  checkSuperviseOptions(options);
  return paced(underSignal(options.signal, () => new Supervision(fn, options).run()));
}

type Ending<T> = { readonly value: T } | { readonly error: unknown };

/** The state of one `supervise`. */
class Supervision<T> {
  readonly #fn: (attempt: number) => T | PromiseLike<T>;
  readonly #options: SuperviseOptions;
  readonly #frame: Frame = currentFrame();
  /** Instants of the restarts that count. */
  readonly #restarts: number[] = [];
  #attempt = 1;

  constructor(fn: (attempt: number) => T | PromiseLike<T>, options: SuperviseOptions) {
    this.#fn = fn;
    this.#options = options;
  }

  async run(): Promise<T> {
    const scope = this.#frame._scope;
    const { loop, random } = scope._nearestOpen()._runtime;
    refuseIfCancelled(scope, undefined);
    for (;;) {
      const begun = loop.now();
      const ending = await this.#runOnce();
      if (await this.#isLast(ending, loop.now())) return settle(ending);
      if (loop.now() - begun >= (this.#options.resetAfter ?? 60_000)) this.#attempt = 1;
      else this.#attempt += 1;
      // After a run that was long, the first delay again.
      const delay = delayAfter(Math.max(this.#attempt - 1, 1), this.#options, random);
      const error = 'error' in ending ? ending.error : undefined;
      await this.#options.onRestart?.(error, this.#attempt, delay);
      const pause = (): Promise<boolean> => sleep(delay, { value: false });
      if (await ambient.run(this.#frame, () => untilDraining(pause, true))) return settle(ending);
    }
  }

  async #runOnce(): Promise<Ending<T>> {
    const fn = this.#fn;
    try {
      // By hand: without AsyncLocalStorage the first `await` here would be the end of the frame.
      return { value: await ambient.run(this.#frame, () => fn(this.#attempt)) };
    } catch (error) {
      if (this.#frame._scope.reason !== undefined) throw error;
      return { error };
    }
  }

  async #isLast(ending: Ending<T>, now: number): Promise<boolean> {
    const { restart, when } = this.#options;
    if ('value' in ending && restart !== 'always') return true;
    if (this.#frame._scope.isDraining) return true;
    if ('error' in ending && when !== undefined) {
      if (!(await when.call(this.#options, ending.error))) return true;
    }
    return !this.#mayRestart(now);
  }

  #mayRestart(now: number): boolean {
    const { maxRestarts = Infinity, within = Infinity } = this.#options;
    if (maxRestarts === Infinity) return true;
    while (this.#restarts[0] !== undefined && now - this.#restarts[0] >= within) {
      this.#restarts.shift();
    }
    this.#restarts.push(now);
    return this.#restarts.length <= maxRestarts;
  }
}

function settle<T>(ending: Ending<T>): T {
  if ('error' in ending) throw ending.error;
  return ending.value;
}

function checkSuperviseOptions(options: SuperviseOptions): void {
  const where = 'supervise';
  checkCall(where, options);
  checkBackoff(where, options);
  if (options.restart !== undefined) {
    checkOneOf(where, 'restart', options.restart, ['on-failure', 'always']);
  }
  for (const key of ['resetAfter', 'within'] as const) {
    if (options[key] !== undefined) checkTime(where, key, options[key]);
  }
  if (options.maxRestarts !== undefined) checkCount(where, 'maxRestarts', options.maxRestarts, 0);
  if (options.when !== undefined) checkFunction(where, 'when', options.when);
  if (options.onRestart !== undefined) checkFunction(where, 'onRestart', options.onRestart);
}
