import { checkCount, checkOneOf, checkTime, show } from '../internal/check.ts';
import { InvalidStateError } from '../internal/errors.ts';
import type { TaskGroup } from '../tasks/task-group.ts';
import type { Task } from '../tasks/task.ts';
import { pathOf } from './order-path.ts';
import { OrderSearch } from './order-search.ts';
import { checkBody } from './trial.ts';
import type { VirtualLoop } from './virtual-loop.ts';

/** Options for {@link everyOrder}. */
export interface EveryOrderOptions {
  /** How many orders are tried at most. Default 10,000. */
  readonly limit?: number | undefined;
  /** Real milliseconds that the search takes at most. Default 3000. */
  readonly time?: number | undefined;
  /** Tries only orders with at most this number of choices unlike the usual. Default `Infinity`. */
  readonly deviations?: number | undefined;
  /** These tasks, by name or by a function, are cancelled too: at every step, in every order, each once. A name that no task has is an error. */
  readonly cancel?: string | ((task: Task<unknown>) => boolean) | undefined;
  /** `'free'`: time may pass also while something is ready, as on a slow machine. Default `'quiet'`. */
  readonly clock?: 'quiet' | 'free' | undefined;
  /** Runs this order only: the token of a failure. */
  readonly order?: string | undefined;
}

/** What {@link everyOrder} has tried. */
export interface Orders {
  /** How many orders were tried. */
  readonly tried: number;
  /** Whether these were all. */
  readonly isComplete: boolean;
  /** How many orders there are: exact if the search is complete, else an estimate. */
  readonly total: number;
  /** All orders with at most this number of choices unlike the usual were tried; -1: not even the usual one. */
  readonly deviations: number;
}

/**
 * Runs a test in every order: of all that is ready at a step (waits that were woken, callbacks of the next
 * turn, timers of one instant) each is once the first to go on. Each run is a {@link testRun} of its own.
 * Orders with few choices unlike the usual come first, so a failure is among the simplest there are. Waits
 * for the search, which ends with the first failure, after all orders, or after `limit` or `time`.
 *
 * @param body - the test, as for `testRun`. Must start from nothing, without chance and real I/O
 * @param options - `limit`, `time` in milliseconds, `deviations`, `cancel`, `clock`, `order`
 * @returns what was tried: assert that `isComplete` is true
 * @throws (rejects) {@link OrderError} for the first order that fails, a deadlock among them;
 *   InvalidStateError if the body does something else in the same order, or if no task has the name `cancel`;
 *   what the function `cancel` throws; TypeError, RangeError for bad options
 * @example
 * const { isComplete } = await everyOrder(async (group) => {
 *   const lock = new Lock();
 *   for (const name of ['a', 'b', 'c']) group.spawn(() => useAlone(lock), { name });
 *   await group.join();
 * });
 * assert(isComplete);
 */
export async function everyOrder(
  body: (group: TaskGroup, loop: VirtualLoop) => unknown,
  options?: EveryOrderOptions,
): Promise<Orders> {
  checkBody('everyOrder', body, options);
  const { order, victim, ...rest } = checked(options ?? {});
  const search = new OrderSearch(body, { ...rest, cancel: victim?.choose });
  if (order !== undefined) return search.only(pathOf(order));
  const orders = await search.all();
  if (orders.isComplete && victim?.isUnknown === true) throw unknownVictim(victim);
  return orders;
}

function checked(options: EveryOrderOptions) {
  const { limit = 10_000, time = 3000, deviations = Infinity, clock = 'quiet' } = options;
  checkCount('everyOrder', 'limit', limit, 1);
  checkTime('everyOrder', 'time', time);
  checkCount('everyOrder', 'deviations', deviations, 0);
  checkOneOf('everyOrder', 'clock', clock, ['quiet', 'free']);
  return { limit, time, deviations, clock, victim: victimOf(options.cancel), order: options.order };
}

/** Which tasks are cancelled, too. */
interface Victim {
  readonly choose: (task: Task<unknown>) => boolean;
  /** Given by a name that no task has had so far. */
  isUnknown: boolean;
  readonly name?: string;
}

function victimOf(cancel: EveryOrderOptions['cancel']): Victim | undefined {
  if (cancel === undefined) return undefined;
  if (typeof cancel === 'function') return { choose: cancel, isUnknown: false };
  if (typeof cancel !== 'string') {
    throw new TypeError(
      `everyOrder: cancel is ${show(cancel)}; give the name of a task, or a function that chooses tasks`,
    );
  }
  const victim: Victim = {
    choose: ({ name }) => {
      if (name !== cancel) return false;
      victim.isUnknown = false;
      return true;
    },
    isUnknown: true,
    name: cancel,
  };
  return victim;
}

// A name with a typing error would prove that no cancellation does harm.
function unknownVictim({ name }: Victim): InvalidStateError {
  return new InvalidStateError(
    `everyOrder: no task called ${show(name)} was there to cancel at any step of any order; ` +
      'give the name that spawn got, of a task that waits',
  );
}
