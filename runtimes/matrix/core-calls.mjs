// The calls of core that wait, each so that it waits long: the key begins with the public name, the options are `{}` or `{ signal }`. A
// call without parameters takes no signal.
import * as core from '@ambit/core';
import { park, parkAs, ParkingLot, throwIfCancelled, untilDraining } from '@ambit/core/lowlevel';
import { aborted, drain, LONG, never, repeat, turn, wait } from './pauses.mjs';

const { currentScope, defineResource, getRunningLoop, sleep, TaskGroup } = core;

/** A task that the scope of the caller does not cancel. */
const elsewhere = () => core.detached(() => new TaskGroup()).spawn(() => core.sleepForever());
const later = () => getRunningLoop().now() + LONG;
const resource = defineResource(async function* () {
  yield 1;
});
const slowResource = defineResource(async function* () {
  await wait();
  yield 1;
});
const time = {
  sleep: (options) => sleep(LONG, options),
  sleepUntil: (options) => core.sleepUntil(later(), options),
  sleepForever: (options) => core.sleepForever(options),
  'checkpoint (in a loop)': (options) => repeat(() => core.checkpoint(options)),
  'yieldNow (in a loop)': (options) => repeat(() => core.yieldNow(options)),
  'throwIfCancelled (in a loop)': (options) => repeat(() => core.throwIfCancelled(options)),
  'currentScope().signal': () => aborted(currentScope().signal),
  timeout: (options) => core.timeout(LONG, wait, options),
  timeoutAt: (options) => core.timeoutAt(later(), wait, options),
  moveOnAfter: (options) => core.moveOnAfter(LONG, wait, options),
  moveOnAt: (options) => core.moveOnAt(later(), wait, options),
  idleTimeout: (options) => core.idleTimeout(LONG, wait, options),
  'waitFor (of a promise)': (options) => core.waitFor(never(), LONG, options),
  'waitFor (of a function)': (options) => core.waitFor(wait, LONG, options),
  'waitFor (of a task)': (options, group) => core.waitFor(group.spawn(wait), LONG, options),
  schedule: (options) => core.schedule({ every: LONG }, () => undefined, options),
  'CancelScope.run': () => new core.CancelScope().run(wait),
  'shield, then sleep': async (options) => {
    await core.shield(turn);
    await sleep(LONG, options);
  },
};

const together = {
  taskGroup: (options) => core.taskGroup((group) => void group.spawn(wait), options),
  'TaskGroup.join': (options) => {
    const group = new TaskGroup();
    group.spawn(wait);
    return group.join(options);
  },
  'TaskGroup.start': (options, group) => group.start(wait, options),
  'TaskGroup.bind': (_, group) => group.bind(wait)(),
  'TaskGroup.enter': (options, group) => group.enter(slowResource(), options),
  'ResourceStack.enter': (options) => new core.ResourceStack().enter(slowResource(), options),
  gather: (options) => core.gather([wait], options),
  gatherSettled: (options) => core.gatherSettled([wait], options),
  race: (options) => core.race([wait], options),
  any: (options) => core.any([wait], options),
  'any (staggered)': (options) => core.any([wait, wait], { stagger: 5, ...options }),
  wait: (options) => core.wait([elsewhere()], options),
  asCompleted: (options) => drain(core.asCompleted([elsewhere()], options)),
  concurrentMap: (options) => core.concurrentMap([1, 2], wait, { limit: 1, ...options }),
  concurrentForEach: (options) => core.concurrentForEach([1, 2], wait, { limit: 1, ...options }),
  'retry (in a call)': (options) => core.retry(wait, options),
  'retry (between calls)': (options) =>
    core.retry(fail, { delay: LONG, jitter: 'none', ...options }),
  supervise: (options) => core.supervise(wait, options),
  circuitBreaker: () => core.circuitBreaker(wait)(),
  'use (the body)': (options) => core.use(resource(), wait, options),
  'use (the set-up)': (options) => core.use(slowResource(), never, options),
  run: () => core.run(wait),
  'createTask in run()': () =>
    core.run(async () => {
      await turn();
      await core.createTask(wait);
    }),
};

const outcomes = {
  'Future.wait': (options) => new core.Future().wait(options),
  'Outcome.then (await task)': (_, group) => group.spawn(wait),
  'Task.join': (options) => elsewhere().join(options),
};

function fail() {
  throw new Error('on purpose');
}

const lowlevel = {
  park: (options) => park(() => undefined, options),
  parkAs: (options) => parkAs({ name: 'a wait', enlist() {}, abandon() {} }, options),
  'ParkingLot.park': (options) => new ParkingLot().park(options),
  'throwIfCancelled (in a loop)': (options) => repeat(() => throwIfCancelled(options)),
  untilDraining: () => untilDraining(wait, undefined),
};

export const coreCalls = {
  '@ambit/core': { ...time, ...together, ...outcomes },
  '@ambit/core/lowlevel': lowlevel,
};
