import { currentFrame } from '../scope/any-scope.ts';
import { checkCount, checkFunction, isThenable, show } from '../internal/check.ts';
import { checkCall } from '../waiting/call-options.ts';
import type { SignalOptions } from '../internal/signal-options.ts';
import { refusalIn } from '../waiting/park.ts';
import { helperGroup } from '../tasks/run-group.ts';
import type { HelperOptions } from '../tasks/run-group.ts';
import type { Task, TaskFunction } from '../tasks/task.ts';

/** Functions in an array, a tuple or a record. */
export type TaskFunctions =
  | readonly ((task: Task<never>) => unknown)[]
  | Readonly<Record<string, (task: Task<never>) => unknown>>;

/** Their values, in the same shape. */
export type Results<F> = {
  -readonly [K in keyof F]: F[K] extends (...args: never[]) => infer R ? Awaited<R> : never;
};

/** The outcome of each function, in the shape of the functions. */
export type SettledResults<F> = {
  -readonly [K in keyof F]: F[K] extends (...args: never[]) => infer R
    ? PromiseSettledResult<Awaited<R>>
    : never;
};

/** Options for {@link gather}. */
export interface GatherOptions extends SignalOptions {
  /** How many run at a time. */
  readonly limit?: number | undefined;
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
  const children = await spawnAll(functions, needed(options));
  const values = children.map((child) => child.result());
  return sameShape(tasks, values) as Results<F>;
}

// Not by spreading: the copy costs as much as a task.
function needed(options: GatherOptions | undefined): HelperOptions {
  return { limit: options?.limit, signal: options?.signal, children: 'needed' };
}

// Not an async function: a promise around the group's costs more than it.
function spawnAll<T>(
  functions: readonly TaskFunction<T>[],
  options: HelperOptions | undefined,
): Promise<Task<T>[]> {
  const refused = refusalIn(currentFrame()._scope, options?.signal);
  if (refused !== undefined) return refused;
  return helperGroup((group) => functions.map((fn) => group.spawn(fn)), options);
}

/** Checks that they are functions in a container. */
export function functionsOf(where: string, tasks: unknown): TaskFunction<unknown>[] {
  // A promise has no properties of its own: nothing would be run.
  if (typeof tasks !== 'object' || tasks === null || isThenable(tasks)) {
    throw new TypeError(
      `${where}: tasks is ${show(tasks)}; give an array or a record of functions`,
    );
  }
  const isList = Symbol.iterator in tasks;
  // Not `Object.values` of an array: it passes over holes.
  const functions = isList ? [...(tasks as Iterable<unknown>)] : Object.values(tasks);
  const wrong = functions.findIndex((fn) => typeof fn !== 'function');
  if (wrong >= 0) {
    const key = isList ? wrong : (Object.keys(tasks)[wrong] ?? '');
    checkFunction(where, `tasks[${key}]`, functions[wrong]);
  }
  return functions as TaskFunction<unknown>[];
}

export function sameShape(tasks: TaskFunctions, values: unknown[]): unknown {
  if (Symbol.iterator in tasks) return values;
  return Object.fromEntries(Object.keys(tasks).map((key, at) => [key, values[at]]));
}

export function checkGatherOptions(where: string, options: GatherOptions | undefined): void {
  checkCall(where, options);
  if (options?.limit !== undefined) checkCount(where, 'limit', options.limit, 1);
}
