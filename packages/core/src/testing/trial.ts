import { checkFunction, checkOptions } from '../internal/check.ts';
import { counted } from '../internal/counted.ts';
import { InvalidStateError } from '../internal/errors.ts';
import { hostNow } from '../loop/event-loop.ts';
import { ambient } from '../loop/ambient.ts';
import { hostRuntime, Runtime } from '../loop/runtime.ts';
import { installDebugTools } from '../program/install-debug-tools.ts';
import { Run } from '../program/run.ts';
import { formatTaskTree } from '../program/task-tree.ts';
import type { CancelScope } from '../scope/cancel-scope.ts';
import { currentRuntime } from '../scope/current-scope.ts';
import { adoptionCount } from '../scope/signal-subscription.ts';
import type { TaskGroup } from '../tasks/task-group.ts';
import { afterRealTime } from './host.ts';
import type { Schedule } from './schedule.ts';
import type { VirtualLoop } from './virtual-loop.ts';

/** The body of a test. */
export type TestBody<T> = (group: TaskGroup, loop: VirtualLoop) => T | PromiseLike<T>;

/** How long a test may take, in real milliseconds, if nothing else is said. */
export const USUAL_LIMIT = 4000;

export interface TrialOptions {
  readonly loop: VirtualLoop;
  /** Real milliseconds; Infinity: none. */
  readonly limit: number;
  /** Default: a new one. */
  readonly runtime?: Runtime;
  /** From 0 to below 1. Default: `Math.random`. */
  readonly random?: () => number;
  /** Decides what happens next. Default: all that is ready, in order. */
  readonly schedule?: Schedule;
  /** Fails the test at once if nothing is ready and no timer is left. */
  readonly isClosed?: true;
  /** Says more of what is left behind, or still runs at the limit. Default: nothing. */
  readonly describe?: () => string;
  /** Gets the run before the body is called. */
  readonly begin?: (run: Run) => void;
}

export function checkBody(where: string, body: unknown, options: unknown): void {
  checkFunction(where, 'body', body);
  checkOptions(where, options);
  if (currentRuntime() === hostRuntime) return;
  throw new InvalidStateError(
    `${where}: there is a run() around this call, or the body of a test on virtual time; call it outside`,
  );
}

/**
 * Runs the body of a test once, and returns its value. Fails if the body fails, if it leaves something
 * behind, or if it takes too long in real time.
 */
export async function trial<T>(body: TestBody<T>, options: TrialOptions): Promise<T> {
  const { loop } = options;
  installDebugTools();
  const run = new Run({ loop, signals: [], uncaught: 'exit' }, runtimeOf(options));
  const adoptionsBefore = adoptionCount();
  let leak: Error | undefined;
  options.begin?.(run);
  const work = run.execute(
    (group) => body(group, loop),
    (scope) => {
      leak = leakOf(scope, options, adoptionCount() - adoptionsBefore);
    },
  );
  const value = await within(options, work, run);
  if (leak !== undefined) throw leak;
  return value;
}

function runtimeOf({ loop, runtime, random, schedule }: TrialOptions): Runtime {
  // A schedule chooses among timers: then those of the runtime have to be the loop's.
  const timers = schedule === undefined ? undefined : loop._timers;
  const own = runtime ?? new Runtime(loop, { timers });
  if (random !== undefined) own.random = random;
  loop._schedule = schedule;
  if (schedule !== undefined) own.deliver = schedule.deliver;
  return own;
}

function leakOf(scope: CancelScope, options: TrialOptions, listeners: number): Error | undefined {
  const { loop, describe } = options;
  const left: string[] = [];
  const { timers: own } = scope._runtime;
  // Of those that are not the loop's the first has a timer of the loop.
  const isApart = own !== loop._timers && own.size > 0;
  const timers = loop.pendingTimers + (isApart ? own.size - 1 : 0);
  if (scope._first !== undefined) left.push('waits or scopes');
  if (timers > 0) left.push(counted(timers, 'timer'));
  if (listeners > 0) left.push(`${counted(listeners, 'listener')} on signals`);
  if (left.length === 0) return undefined;
  return new Error(
    `testRun: the test has left ${left.join(', ')} behind:\n${treeOf(scope, describe)}`,
  );
}

/** The task tree of a run, with what `describe` says of it. */
export function treeOf(scope: CancelScope, describe = (): string => ''): string {
  return ambient.run(scope, () => `${formatTaskTree()}${describe()}`);
}

/** Fails what takes too long, or can never end. */
function within<T>(options: TrialOptions, work: Promise<T>, run: Run): Promise<T> {
  const { loop, limit, isClosed, describe } = options;
  return new Promise<T>((resolve, reject) => {
    const giveUp = (message: string): void => {
      disarm();
      reject(new Error(`${message}\n${treeOf(run.scope, describe)}`));
      // Or time would jump forever in a test that never ends, and the process with it.
      loop._halt();
      run._abandon();
    };
    const expire = (): void => {
      giveUp(overdue(limit, loop.now()));
    };
    const disarm = limit === Infinity ? noLimit : afterRealTime(limit, expire);
    loop._limit = hostNow() + limit;
    loop._onStuck = () => {
      if (isClosed === true) giveUp(STUCK);
    };
    loop._touch();
    work.then(resolve, reject).finally(() => {
      loop._onStuck = undefined;
      disarm();
    });
  });
}

/** A test without a limit: its runner says when it has waited enough. */
function noLimit(): void {
  // Nothing was armed.
}

function overdue(limit: number, now: number): string {
  return (
    `testRun: not over after ${String(limit)} ms of real time and ${String(now)} ms of virtual time; ` +
    'does something wait that no code wakes, stops or advances?'
  );
}

const STUCK =
  'deadlock: nothing is ready and no timer is left; if a task waits for real I/O or a thread, ' +
  'hold time meanwhile with loop.hold()';
