import { ambient } from '../ambient.ts';
import type { CancelScope } from '../cancel-scope.ts';
import { checkCount, checkFunction, checkOptions, checkTime } from '../check.ts';
import { formatTaskTree } from '../inspect.ts';
import { Run } from '../run.ts';
import { adoptionCount } from '../signal-hub.ts';
import type { TaskGroup } from '../task-group.ts';
import { afterRealTime } from './host.ts';
import { shuffler } from './shuffle.ts';
import { VirtualLoop } from './virtual-loop.ts';

/** What `testRun` takes besides. */
export interface TestRunOptions {
  /** Lets what is woken in one tick resume in an order that this whole number decides. Default: in order. */
  readonly seed?: number | undefined;
  /** Real milliseconds after which the test fails; what still runs then is left where it waits. Default 4000. */
  readonly limit?: number | undefined;
  /** Default: a new one. */
  readonly loop?: VirtualLoop | undefined;
}

/**
 * Runs a test on a virtual loop. Fails it, with the task tree, if it leaves a task, a scope, a timer or a
 * listener behind, or if it takes too long in real time. Waits
 * until the body and all its tasks have ended.
 *
 * @param body - gets a group and the loop
 * @param options - `limit`: real milliseconds
 * @returns the body's value
 * @throws (rejects) what the body throws; an Error that says what was left
 * @example
 * test('gives up after a minute', () =>
 *   testRun(async () => {
 *     await assert.rejects(timeout(60_000, () => sleepForever()), TimeoutError);
 *   }));
 */
export async function testRun<T>(
  body: (group: TaskGroup, loop: VirtualLoop) => T | PromiseLike<T>,
  options?: TestRunOptions,
): Promise<T> {
  checkFunction('testRun', 'body', body);
  checkOptions('testRun', options);
  const limit = options?.limit ?? 4000;
  checkTime('testRun', 'limit', limit);
  if (options?.seed !== undefined) checkCount('testRun', 'seed', options.seed, 0);
  const loop = options?.loop ?? new VirtualLoop();
  const run = new Run({ loop, signals: [] });
  if (options?.seed !== undefined) run.runtime.deliver = shuffler(options.seed);
  const adoptionsBefore = adoptionCount();
  let leak: Error | undefined;
  const work = run.execute(
    (group) => body(group, loop),
    (scope) => {
      leak = leakOf(scope, adoptionCount() - adoptionsBefore);
    },
  );
  const value = await within(limit, work, run, loop);
  if (leak !== undefined) throw leak;
  return value;
}

function leakOf(scope: CancelScope, listeners: number): Error | undefined {
  const left: string[] = [];
  const { loop, timers: own } = scope._runtime;
  const foreign = own.size > 0 ? 1 : 0;
  const timers = own.size + (loop instanceof VirtualLoop ? loop.pendingTimers - foreign : 0);
  if (scope._first !== undefined) left.push('waits or scopes');
  if (timers > 0) left.push(`${String(timers)} timers`);
  if (listeners > 0) left.push(`${String(listeners)} listeners on signals`);
  if (left.length === 0) return undefined;
  return new Error(`testRun: the test has left ${left.join(', ')} behind:\n${treeOf(scope)}`);
}

function treeOf(scope: CancelScope): string {
  return ambient.run(scope, formatTaskTree);
}

function within<T>(limit: number, work: Promise<T>, run: Run, loop: VirtualLoop): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const disarm = afterRealTime(limit, () => {
      reject(
        new Error(
          `testRun: not over after ${String(limit)} ms of real time and ${String(loop.now())} ms of virtual time; ` +
            `does something wait that nobody wakes, stops or advances?\n${treeOf(run.scope)}`,
        ),
      );
      // Or time would jump for ever in a test that never ends, and the process with it.
      loop._halt();
      run._abandon();
    });
    work.then(resolve, reject).finally(disarm);
  });
}
