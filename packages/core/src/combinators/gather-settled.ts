import { ambient } from '../loop/ambient.ts';
import { AnyScope, currentFrame } from '../scope/any-scope.ts';
import { checkAnswer, checkFunction, checkTime } from '../internal/check.ts';
import { refusalIn } from '../waiting/park.ts';
import { helperGroup } from '../tasks/run-group.ts';
import type { TaskGroup } from '../tasks/task-group.ts';
import type { Task, TaskFunction } from '../tasks/task.ts';
import { checkGatherOptions, functionsOf, sameShape } from './gather.ts';
import type { GatherOptions, SettledResults, TaskFunctions } from './gather.ts';

/** Options for {@link gatherSettled}. */
export interface GatherSettledOptions extends GatherOptions {
  /** Milliseconds after which those that have not ended are cancelled. Default: no limit. */
  readonly timeout?: number | undefined;
  /**
   * Whether enough have settled: then the others are cancelled. Is asked each time that one has, and gets the outcomes
   * there are, in the order of their settling.
   */
  readonly until?: ((settled: readonly PromiseSettledResult<unknown>[]) => boolean) | undefined;
}

/**
 * Runs functions at the same time and waits for all, also if some fail; a failure does not cancel the others. Past the `timeout`,
 * or once `until` says that it is enough, those left are cancelled and waited for. A checkpoint.
 *
 * @param tasks - functions (not promises), in an array or a record
 * @param options - `limit`: how many run at a time; `timeout`: milliseconds; `until`; `signal`
 * @returns what each came to, as `Promise.allSettled` does, in the same shape and order. One that was cancelled is rejected
 *   with its CancelledError, unless it gave a value anyway
 * @throws (rejects) the ambient scope's CancelledError, once all have ended; `signal.reason`; what `until` throws
 * @example
 * const outcomes = await gatherSettled(replicas.map((replica) => () => replica.write(row)), {
 *   timeout: 1000,
 *   until: (settled) => settled.filter(({ status }) => status === 'fulfilled').length >= 2,
 * });
 */
export async function gatherSettled<const F extends TaskFunctions>(
  tasks: F,
  options: GatherSettledOptions = {},
): Promise<SettledResults<F>> {
  const functions = functionsOf('gatherSettled', tasks);
  checkGatherOptions('gatherSettled', options);
  if (options.timeout !== undefined) checkTime('gatherSettled', 'timeout', options.timeout);
  if (options.until !== undefined) checkFunction('gatherSettled', 'until', options.until);
  const { limit, signal } = options;
  const refused = refusalIn(currentFrame()._scope, signal);
  if (refused !== undefined) return refused;
  const gathering = new Gathering(options);
  const body = (group: TaskGroup): Promise<void> | undefined => gathering.start(group, functions);
  try {
    await helperGroup(body, { limit, signal, children: 'judged' });
  } finally {
    gathering.disarm();
  }
  return sameShape(tasks, gathering.outcomes()) as SettledResults<F>;
}

type Outcome = PromiseSettledResult<unknown>;

/** The state of one `gatherSettled`. */
class Gathering {
  readonly #options: GatherSettledOptions;
  readonly #here = ambient.snapshot();
  /** Undefined: it was not begun, for there were enough before. */
  readonly #tasks: (Task<unknown> | undefined)[] = [];
  readonly #settled: Outcome[] = [];
  #isCut = false;
  #failure: { readonly error: unknown } | undefined;
  #disarm: (() => void) | undefined;

  constructor(options: GatherSettledOptions) {
    this.#options = options;
  }

  start(group: TaskGroup, functions: readonly TaskFunction<unknown>[]): undefined {
    const { loop } = group.scope._runtime;
    const { timeout = Infinity } = this.#options;
    const due = loop.now() + Math.max(timeout, 0);
    for (const fn of functions) this.#tasks.push(this.#isCut ? undefined : this.#spawn(group, fn));
    // Not before: what is due already would be cut while it is being begun.
    if (due !== Infinity) this.#arm(group, due);
  }

  #arm(group: TaskGroup, instant: number): void {
    const { timers } = group.scope._runtime;
    const timer = timers.add(instant, {
      _expire: () => {
        this.#cut('deadline', undefined);
      },
    });
    this.#disarm = () => {
      timers.remove(timer);
    };
  }

  disarm(): void {
    this.#disarm?.();
  }

  #spawn(group: TaskGroup, fn: TaskFunction<unknown>): Task<unknown> {
    const task = group.spawn(fn);
    if (this.#options.until === undefined) return task;
    if (task._settled === undefined) task._listen(() => this.#look(group, task));
    else this.#look(group, task);
    return task;
  }

  #look(group: TaskGroup, task: Task<unknown>): void {
    if (this.#isCut || group.scope._reasonOfStarted() !== undefined) return;
    this.#settled.push(outcomeOf(task));
    try {
      if (this.#here(() => this.#isEnough())) this.#cut('explicit', 'enough have settled');
    } catch (error) {
      this.#failure = { error };
      this.#cut('explicit', error);
    }
  }

  #isEnough(): boolean {
    const answer: unknown = this.#options.until?.(this.#settled);
    checkAnswer('gatherSettled', 'until', answer);
    return Boolean(answer);
  }

  #cut(source: 'deadline' | 'explicit', reason: unknown): void {
    this.#isCut = true;
    for (const task of this.#tasks) {
      if (task?._settled === undefined) task?.scope._cancelBy(source, reason, { frames: 0 });
    }
  }

  outcomes(): Outcome[] {
    if (this.#failure !== undefined) throw this.#failure.error;
    return this.#tasks.map((task) => (task === undefined ? notBegun() : outcomeOf(task)));
  }
}

function outcomeOf(task: Task<unknown>): Outcome {
  if (task._settled === 'fulfilled') return { status: 'fulfilled', value: task._result };
  return { status: 'rejected', reason: task._result };
}

function notBegun(): Outcome {
  const scope = new AnyScope();
  scope.cancel('enough have settled');
  return { status: 'rejected', reason: scope._reasonOfStarted() };
}
