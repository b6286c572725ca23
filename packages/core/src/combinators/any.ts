import { checkFunction, checkTime } from '../internal/check.ts';
import { checkCall } from '../waiting/call-options.ts';
import type { SignalOptions } from '../internal/signal-options.ts';
import { ParkingLot } from '../waiting/parking-lot.ts';
import type { TaskGroup } from '../tasks/task-group.ts';
import type { Task, TaskFunction } from '../tasks/task.ts';
import { cancelLosers, contenders, contest } from './contest.ts';
import type { Contender, ResultOf } from './contest.ts';
import { moveOnAfter } from './timeouts.ts';

/** Options for {@link any}. */
export interface AnyOptions extends SignalOptions {
  /** Milliseconds: start the next one after this time, or as soon as one fails. Default: all at once. */
  readonly stagger?: number | undefined;
  /** Whether to go on after this error. False ends it all: the others cannot do better. Default: always. */
  readonly when?: ((error: unknown) => boolean | PromiseLike<boolean>) | undefined;
}

/**
 * Runs functions until one succeeds. The others are cancelled and waited for; what fails in their
 * cleanup is dropped. With `stagger` they are started one after the other (hedging). A checkpoint.
 *
 * @param tasks - functions, at least one
 * @param options - `stagger`: milliseconds between starts, a failure starts the next at once; `when`: whether
 *   an error leaves hope for the others; `signal`: cancels them all
 * @returns the first value
 * @throws (rejects) AggregateError of all errors, in the order of the functions, if all failed; the error
 *   that `when` refused, itself; what `when` throws; TypeError for no tasks; the ambient scope's CancelledError,
 *   or `signal.reason`, if there is no value
 * @example
 * const page = await any(mirrors.map((url) => () => download(url)), {
 *   stagger: 250,
 *   when: (error) => !(error instanceof NotFoundError),
 * });
 */
export async function any<const F extends readonly Contender[]>(
  tasks: F,
  options: AnyOptions = {},
): Promise<ResultOf<F[number]>> {
  const functions = contenders('any', tasks);
  checkAnyOptions(options);
  const attempts = new Attempts(functions, options);
  await contest(
    (group) => attempts.run(group),
    () => attempts.isOver,
    { children: 'judged', signal: options.signal },
  );
  return attempts.result() as ResultOf<F[number]>;
}

function checkAnyOptions(options: AnyOptions): void {
  checkCall('any', options);
  if (options.stagger !== undefined) checkTime('any', 'stagger', options.stagger);
  if (options.when !== undefined) checkFunction('any', 'when', options.when);
}

/** The state of one `any`. */
class Attempts {
  readonly #functions: readonly TaskFunction<unknown>[];
  readonly #options: AnyOptions;
  readonly #errors: unknown[] = [];
  #outcome: { readonly value: unknown } | { readonly error: unknown } | undefined;
  #failures = 0;
  /** Errors that have not been looked at. */
  readonly #news: unknown[] = [];
  readonly #ended = new ParkingLot();

  constructor(functions: readonly TaskFunction<unknown>[], options: AnyOptions) {
    this.#functions = functions;
    this.#options = options;
  }

  get isOver(): boolean {
    return this.#outcome !== undefined;
  }

  async run(group: TaskGroup): Promise<void> {
    const { stagger } = this.#options;
    for (const at of this.#functions.keys()) {
      this.#attempt(group, at);
      const isLast = at === this.#functions.length - 1;
      if (stagger !== undefined && !isLast) await moveOnAfter(stagger, () => this.#change());
      await this.#judgeNews();
      if (this.isOver) break;
    }
    while (!this.isOver && this.#failures < this.#functions.length) {
      await this.#change();
      await this.#judgeNews();
    }
    cancelLosers(group);
  }

  #attempt(group: TaskGroup, at: number): void {
    const task = group.spawn(this.#functions[at] as TaskFunction<unknown>);
    const ended = (): void => {
      this.#note(group, task, at);
      this.#ended.unparkAll();
    };
    if (task._settled === undefined) task._listen(ended);
    else ended();
  }

  #note(group: TaskGroup, task: Task<unknown>, at: number): void {
    if (this.isOver) return;
    if (task._settled === 'fulfilled') {
      this.#outcome = { value: task._result };
      return;
    }
    // Cancelled from outside: what fails now is for the group to tell.
    if (group.scope._reasonOfStarted() !== undefined) return;
    this.#errors[at] = task._result;
    this.#failures += 1;
    this.#news.push(task._result);
  }

  async #change(): Promise<void> {
    if (!this.isOver && this.#news.length === 0) await this.#ended.park({ name: 'any' });
  }

  /** Asks `when` of each error, in the order in which they came. */
  async #judgeNews(): Promise<void> {
    const { when } = this.#options;
    try {
      while (this.#news.length > 0 && !this.isOver) {
        const error = this.#news.shift();
        const hasHope = when === undefined || (await when.call(this.#options, error));
        if (!hasHope) this.#outcome ??= { error };
      }
    } catch (refusal) {
      this.#outcome ??= { error: refusal };
    }
  }

  result(): unknown {
    if (this.#outcome === undefined) {
      const count = String(this.#errors.length);
      throw new AggregateError(this.#errors, `any: all ${count} attempts failed`);
    }
    if ('error' in this.#outcome) throw this.#outcome.error;
    return this.#outcome.value;
  }
}
