import { ambient } from '../loop/ambient.ts';
import { checkFunction, checkOneOf, checkOptions, checkTime, show } from '../internal/check.ts';
import { checkCall } from '../waiting/call-options.ts';
import type { SignalOptions } from '../internal/signal-options.ts';
import { currentFrame } from '../scope/any-scope.ts';
import { currentRuntime } from '../scope/current-scope.ts';
import { drains, untilDraining } from '../waiting/on-draining.ts';
import { refusalIn } from '../waiting/park.ts';
import { sleep } from '../waiting/sleep.ts';
import { helperGroup } from '../tasks/run-group.ts';
import type { TaskGroup } from '../tasks/task-group.ts';
import { byCron, everyMultiple, everyPeriod } from './rhythm.ts';
import type { Rhythm } from './rhythm.ts';
import { checkOnce } from './tick-claim.ts';
import type { OnceStore } from './tick-claim.ts';
import { Runs } from './scheduled-runs.ts';

/** What a tick does while the run of an earlier one is at work. */
export type Overlap = 'skip' | 'queue' | 'cancel-previous';

/** Options for {@link schedule}. */
export interface ScheduleOptions extends SignalOptions {
  /** Of a cron expression: `'Europe/Berlin'`, for example. Default: that of the host. */
  readonly timezone?: string | undefined;
  /**
   * What a tick does while the run of an earlier one is at work:
   * - `'skip'` (default): it is left out
   * - `'queue'`: it runs after that one; no tick is lost
   * - `'cancel-previous'`: it cancels that one, waits until it has ended, and runs
   */
  readonly overlap?: Overlap | undefined;
  /** Called with the error of each run that fails; the schedule goes on. Without it, the first one ends the schedule. */
  readonly onError?: ((error: unknown) => void) | undefined;
  /**
   * A store of `@ambit/sync/lease`: of all nodes that schedule the same name in it, exactly one runs each tick; a tick
   * whose node ends while it is at work is not run again. `overlap` counts the runs of this node. A period counts
   * from 1970, as cron expressions do, so that nodes agree on the instants.
   */
  readonly once?: OnceStore | undefined;
  /** Names the runs, and with `once` the schedule, for all nodes. Default: the function's name; with `once` also `when`. */
  readonly name?: string | undefined;
}

/**
 * Runs a function again and again: at the instants of a cron expression, by the wall clock, or each `every` milliseconds, first
 * after `every`, without drift. Each run is a task. Cron expressions need the package `croner`, and have its syntax, with
 * seconds if there are six fields. Resolves when the scope drains, and when a cron expression has no instant left, once the runs
 * that are at work or in the queue have ended. A checkpoint.
 *
 * @param when - a cron expression, or `{ every: milliseconds }`
 * @param fn - gets the instant for which it runs, as the wall clock has it; a promise is awaited
 * @param options - `timezone`, `overlap`, `onError`, `name`; `once`: a store, by which one node of many runs each tick;
 *   `signal`: ends it and cancels the runs
 * @throws (rejects) with `once` the store's error after five attempts, as a run's; without `onError` the error of the first run
 *   that fails; what `onError` throws; an Error if croner is not installed; the ambient scope's CancelledError; `signal.reason`;
 *   TypeError or RangeError for bad arguments, as an expression that croner does not read
 * @example
 * await schedule('0 3 * * *', () => backUp(), { timezone: 'Europe/Berlin', onError: console.error });
 */
export async function schedule(
  when: string | { readonly every: number },
  fn: (due: Date) => unknown,
  options: ScheduleOptions = {},
): Promise<void> {
  checkWhen(when);
  checkFunction('schedule', 'fn', fn);
  checkScheduleOptions(options);
  checkOnce(options, typeof when === 'string' ? undefined : when.every);
  const frame = currentFrame();
  const refused = refusalIn(frame._scope, options.signal);
  if (refused !== undefined) return refused;
  const { loop } = currentRuntime();
  const beat = options.once === undefined ? everyPeriod : everyMultiple;
  const rhythm =
    typeof when === 'string' ? await byCron(loop, when, options.timezone) : beat(loop, when.every);
  const parts = { fn, name: nameOf(when, fn, options) };
  // By hand: without AsyncLocalStorage the `await` above is the end of the frame.
  return ambient.run(frame, () =>
    helperGroup((group) => follow(rhythm, new Runs(group, parts, options), group), {
      signal: options.signal,
    }),
  );
}

/** The name of the runs; where nodes share it, two schedules without a name of their own differ by their instants. */
function nameOf(
  when: string | { readonly every: number },
  fn: (due: Date) => unknown,
  { name, once, timezone = '' }: ScheduleOptions,
): string {
  if (name !== undefined) return name;
  if (once === undefined) return fn.name === '' ? 'run' : fn.name;
  const rhythm = typeof when === 'string' ? `${when} ${timezone}` : `${String(when.every)} ms`;
  return `${fn.name} ${rhythm}`.trim();
}

/** Begins the runs, until the scope drains or there are no more. The group waits for them. */
async function follow(rhythm: Rhythm, runs: Runs, group: TaskGroup): Promise<void> {
  const wait = (due: number): Promise<boolean> => untilDue(rhythm, due, group);
  let due = rhythm.after(rhythm.now());
  while (due !== undefined && (await wait(due))) {
    runs.begin(rhythm.dateOf(due));
    // Those that were missed, by a blocked loop for example, are late; only a queue makes up for them.
    due = rhythm.after(runs.losesNone ? due : Math.max(due, rhythm.now()));
  }
}

/** True at the instant; false if the scope drains. */
async function untilDue(rhythm: Rhythm, due: number, { scope }: TaskGroup): Promise<boolean> {
  for (;;) {
    if (drains(scope, undefined)) return false;
    const left = due - rhythm.now();
    if (left <= 0) return true;
    const ms = Math.min(left, rhythm.longestWait);
    const pause = (): Promise<boolean> => sleep(ms, { value: true });
    if (!(await ambient.run(scope, () => untilDraining(pause, false)))) return false;
  }
}

function checkWhen(when: unknown): void {
  if (typeof when === 'string') return;
  const { every } = (when ?? {}) as { readonly every?: unknown };
  if (every === undefined) {
    throw new TypeError(
      `schedule: when is ${show(when)}; give a cron expression, or { every: milliseconds }`,
    );
  }
  checkTime('schedule', 'every', every);
  if ((every as number) > 0) return;
  throw new RangeError(`schedule: every is ${show(every)}; give a period of more than 0 ms`);
}

function checkScheduleOptions(options: ScheduleOptions): void {
  checkOptions('schedule', options);
  checkCall('schedule', options);
  const { timezone, overlap, onError } = options;
  if (timezone !== undefined) checkTimezone(timezone);
  if (overlap !== undefined) {
    checkOneOf('schedule', 'overlap', overlap, ['skip', 'queue', 'cancel-previous']);
  }
  if (onError !== undefined) checkFunction('schedule', 'onError', onError);
}

function checkTimezone(timezone: unknown): void {
  if (typeof timezone !== 'string') {
    throw new TypeError(
      `schedule: timezone is ${show(timezone)}; give a name like 'Europe/Berlin'`,
    );
  }
  try {
    new Intl.DateTimeFormat('en', { timeZone: timezone });
  } catch (cause) {
    throw new RangeError(
      `schedule: timezone is ${show(timezone)}, which this host does not know; give a name like 'Europe/Berlin'`,
      { cause },
    );
  }
}
