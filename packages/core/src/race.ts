import { CancelScope, currentFrame } from './cancel-scope.ts';
import { checkOptions, checkTime } from './check.ts';
import { functionsOf } from './gather.ts';
import { ParkingLot } from './parking-lot.ts';
import { refuseIfCancelled } from './park.ts';
import { helperGroup } from './task-group.ts';
import type { Task, TaskFunction, TaskGroup } from './task-group.ts';
import { moveOnAfter } from './timeouts.ts';

type Contender = (task: Task<never>) => unknown;
type ResultOf<F> = F extends (...args: never[]) => infer R ? Awaited<R> : never;

/**
 * Runs functions at the same time: the first to settle wins, for better or worse. The others are
 * cancelled and waited for before the race settles. A checkpoint.
 *
 * @param tasks - functions, at least one
 * @returns the winner's value
 * @throws (rejects) the winner's error; the error of a loser that failed in its cleanup; TypeError for
 *   no tasks; the ambient scope's CancelledError if nobody has won
 * @example
 * const answer = await race([() => ask('a.example'), () => ask('b.example')]);
 */
export async function race<const F extends readonly Contender[]>(
  tasks: F,
): Promise<ResultOf<F[number]>> {
  const functions = contenders('race', tasks);
  let winner: Task<unknown> | undefined;
  await stand(
    (group) => {
      const settled = (task: Task<unknown>): void => {
        winner ??= task;
        cancelLosers(group);
      };
      for (const fn of functions) {
        const task = group.spawn(fn);
        if (task._settled === undefined) task._listen(() => settled(task));
        else settled(task);
        // What should not happen must not begin.
        if (winner !== undefined) break;
      }
    },
    () => winner?._settled === 'fulfilled',
  );
  return resultOf(winner) as ResultOf<F[number]>;
}

// A winner that ended cancelled, by itself, has no value: the CancelledError is its failure.
function resultOf(winner: Task<unknown> | undefined): unknown {
  if (winner?._settled !== 'fulfilled') throw winner?._result as Error;
  return winner._result;
}

/** What `any` takes besides. */
export interface AnyOptions {
  /** Milliseconds: start the next one after this time, or as soon as one fails. Default: all at once. */
  readonly stagger?: number | undefined;
}

/**
 * Runs functions until one succeeds. The others are cancelled and waited for; what fails in their
 * cleanup is dropped. With `stagger` they are started one after the other (hedging). A checkpoint.
 *
 * @param tasks - functions, at least one
 * @param options - `stagger`: milliseconds between starts; a failure starts the next at once
 * @returns the first value
 * @throws (rejects) AggregateError of all errors, in the order of the functions, if all failed;
 *   TypeError for no tasks; the ambient scope's CancelledError if there is no value
 * @example
 * const page = await any(mirrors.map((url) => () => download(url)), { stagger: 250 });
 */
export async function any<const F extends readonly Contender[]>(
  tasks: F,
  options?: AnyOptions,
): Promise<ResultOf<F[number]>> {
  const functions = contenders('any', tasks);
  checkOptions('any', options);
  const stagger = options?.stagger ?? 0;
  checkTime('any', 'stagger', stagger);
  const attempts = new Attempts(functions);
  await stand(
    (group) =>
      attempts.run(group, options?.stagger === undefined ? undefined : Math.max(stagger, 0)),
    () => attempts.winner !== undefined,
  );
  return attempts.result() as ResultOf<F[number]>;
}

/** The state of one `any`. */
class Attempts {
  winner: { readonly value: unknown } | undefined;
  readonly #functions: readonly TaskFunction<unknown>[];
  readonly #errors: unknown[] = [];
  readonly #ended = new ParkingLot();
  #failures = 0;

  constructor(functions: readonly TaskFunction<unknown>[]) {
    this.#functions = functions;
  }

  async run(group: TaskGroup, stagger: number | undefined): Promise<void> {
    for (const at of this.#functions.keys()) {
      this.#attempt(group, at);
      const isLast = at === this.#functions.length - 1;
      if (stagger !== undefined && !isLast) {
        await moveOnAfter(stagger, () => this.#ended.park({ name: 'any' }));
      }
      if (this.winner !== undefined) break;
    }
    while (this.winner === undefined && this.#failures < this.#functions.length) {
      await this.#ended.park({ name: 'any' });
    }
    cancelLosers(group);
  }

  #attempt(group: TaskGroup, at: number): void {
    const fn = this.#functions[at] as TaskFunction<unknown>;
    const task = group.spawn(
      async (self) => {
        try {
          const value = await fn(self);
          this.winner ??= { value };
        } catch (error) {
          if (this.winner !== undefined) return;
          // Cancelled from outside: what fails now is for the group to tell.
          if (group.scope.reason !== undefined) throw error;
          this.#fail(at, error);
        }
      },
      { name: fn.name },
    );
    const ended = (): void => {
      this.#ended.unparkAll();
    };
    if (task._settled === undefined) task._listen(ended);
    else ended();
  }

  #fail(at: number, error: unknown): void {
    this.#errors[at] = error;
    this.#failures += 1;
  }

  result(): unknown {
    if (this.winner !== undefined) return this.winner.value;
    throw new AggregateError(
      this.#errors,
      `any: all ${String(this.#errors.length)} attempts failed`,
    );
  }
}

// Not the whole group: what the winner has left open, the body of a response say, goes on in the scope around.
function cancelLosers(group: TaskGroup): void {
  for (const task of group.tasks) task.scope._cancelBy('explicit', 'another has won', 0);
}

function contenders(where: string, tasks: unknown): TaskFunction<unknown>[] {
  const functions = functionsOf(where, tasks);
  if (functions.length > 0) return functions;
  throw new TypeError(`${where}: there are no tasks; give at least one function`);
}

/**
 * Runs the group of a race. Once there is a value, a cancellation that arrives while the losers wind
 * down does not take it away: it comes at the next checkpoint.
 */
async function stand(
  body: (group: TaskGroup) => void | Promise<void>,
  hasWon: () => boolean,
): Promise<void> {
  const outer: CancelScope = currentFrame()._scope;
  refuseIfCancelled(outer, undefined);
  try {
    await helperGroup(body);
  } catch (error) {
    if (error !== outer.reason || !hasWon()) throw error;
  }
}
