import { currentFrame } from './cancel-scope.ts';
import { checkCount, checkFunction, checkOptions, checkSignal, show } from './check.ts';
import { refuseIfCancelled } from './park.ts';
import { helperGroup } from './task-group.ts';
import type { HelperOptions, Task, TaskFunction } from './task-group.ts';

/** Functions in an array, a tuple or a record. */
export type TaskFunctions =
  | readonly ((task: Task<never>) => unknown)[]
  | Readonly<Record<string, (task: Task<never>) => unknown>>;

/** Their values, in the same shape. */
export type Results<F> = {
  -readonly [K in keyof F]: F[K] extends (...args: never[]) => infer R ? Awaited<R> : never;
};

/** What became of each function, in the shape of the functions. */
export type SettledResults<F> = {
  -readonly [K in keyof F]: F[K] extends (...args: never[]) => infer R
    ? PromiseSettledResult<Awaited<R>>
    : never;
};

/** What `gather` takes besides. */
export interface GatherOptions {
  /** How many run at a time. */
  readonly limit?: number | undefined;
  /** Aborting it cancels them all; rejects with `signal.reason`. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs functions at the same time and waits for all. The first failure cancels the others, waits for
 * them, and is thrown itself. A checkpoint.
 *
 * @param tasks - functions (not promises), in an array or a record
 * @param options - `limit`: how many run at a time; `signal`
 * @returns their values, in the same shape and order
 * @throws (rejects) the first failure, later ones in its `suppressedErrors`; the ambient scope's
 *   CancelledError; `signal.reason`
 * @example
 * const { user, orders } = await gather({
 *   user: () => fetchUser(id),
 *   orders: () => fetchOrders(id),
 * });
 */
export async function gather<const F extends TaskFunctions>(
  tasks: F,
  options?: GatherOptions,
): Promise<Results<F>> {
  const functions = functionsOf('gather', tasks);
  checkGatherOptions('gather', options);
  const children = await spawnAll(functions, { ...options, needsAll: true });
  const values = children.map((child) => child.result());
  return sameShape(tasks, values) as Results<F>;
}

/**
 * Runs functions at the same time and waits for all, whatever they come to; a failure cancels nobody.
 * A checkpoint.
 *
 * @param tasks - functions (not promises), in an array or a record
 * @param options - `limit`: how many run at a time; `signal`
 * @returns what each came to, as `Promise.allSettled` does, in the same shape and order
 * @throws (rejects) the ambient scope's CancelledError, once all have ended; `signal.reason`
 * @example
 * const outcomes = await gatherSettled(urls.map((url) => () => check(url)), { limit: 8 });
 */
export async function gatherSettled<const F extends TaskFunctions>(
  tasks: F,
  options?: GatherOptions,
): Promise<SettledResults<F>> {
  const functions = functionsOf('gatherSettled', tasks);
  checkGatherOptions('gatherSettled', options);
  const children = await spawnAll(functions.map(settling), options);
  const outcomes = children.map((child): PromiseSettledResult<unknown> =>
    child._settled === 'cancelled' ? { status: 'rejected', reason: child._result } : child.result(),
  );
  return sameShape(tasks, outcomes) as SettledResults<F>;
}

// Not an async function: a promise around the group's costs more than it.
function spawnAll<T>(
  functions: readonly TaskFunction<T>[],
  options: HelperOptions | undefined,
): Promise<Task<T>[]> {
  refuseIfCancelled(currentFrame()._scope, options?.signal);
  return helperGroup((group) => functions.map((fn) => group.spawn(fn)), options);
}

/** A failure becomes an outcome, unless all are cancelled: then it is for the group to tell. */
function settling(fn: TaskFunction<unknown>): TaskFunction<PromiseSettledResult<unknown>> {
  const run: TaskFunction<PromiseSettledResult<unknown>> = async (task) => {
    try {
      return { status: 'fulfilled', value: await fn(task) };
    } catch (reason) {
      if (task.group.scope.reason !== undefined) throw reason;
      return { status: 'rejected', reason };
    }
  };
  return Object.defineProperty(run, 'name', { value: fn.name });
}

/** Checks that they are functions in a container. */
export function functionsOf(where: string, tasks: unknown): TaskFunction<unknown>[] {
  if (typeof tasks !== 'object' || tasks === null) {
    throw new TypeError(
      `${where}: tasks is ${show(tasks)}; give an array or a record of functions`,
    );
  }
  const isIterable = !Array.isArray(tasks) && Symbol.iterator in tasks;
  const functions = isIterable ? [...(tasks as Iterable<unknown>)] : Object.values(tasks);
  const wrong = functions.findIndex((fn) => typeof fn !== 'function');
  if (wrong >= 0) {
    const key = Array.isArray(tasks) || isIterable ? wrong : (Object.keys(tasks)[wrong] ?? '');
    checkFunction(where, `tasks[${key}]`, functions[wrong]);
  }
  return functions as TaskFunction<unknown>[];
}

function sameShape(tasks: TaskFunctions, values: unknown[]): unknown {
  if (Array.isArray(tasks) || Symbol.iterator in tasks) return values;
  return Object.fromEntries(Object.keys(tasks).map((key, at) => [key, values[at]]));
}

function checkGatherOptions(where: string, options: GatherOptions | undefined): void {
  checkOptions(where, options);
  checkSignal(where, options?.signal);
  if (options?.limit !== undefined) checkCount(where, 'limit', options.limit, 1);
}
