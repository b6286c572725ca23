// What lifetimes cost, side by side with what people use today.
import { CancelScope, sleep, taskGroup, timeout } from '@ambit/core';
import pTimeout from 'p-timeout';
import { contest } from './contest.ts';

const MINUTE = 60_000;

async function work(): Promise<number> {
  await Promise.resolve();
  return 1;
}

// @ambit/core is loaded, so its AsyncLocalStorage is active for both.
await contest({
  title: 'Spawn tasks and join them',
  count: 100_000,
  contenders: [
    {
      name: 'taskGroup',
      run: (count) =>
        taskGroup((group) => {
          for (let at = 0; at < count; at += 1) group.spawn(work);
        }),
    },
    { name: 'Promise.all', run: (count) => Promise.all(Array.from({ length: count }, work)) },
  ],
});

await contest({
  title: 'A time limit around a short operation',
  count: 20_000,
  contenders: [
    {
      name: 'timeout',
      run: async (count) => {
        for (let at = 0; at < count; at += 1) await timeout(MINUTE, work);
      },
    },
    {
      name: 'p-timeout',
      run: async (count) => {
        for (let at = 0; at < count; at += 1) await pTimeout(work(), { milliseconds: MINUTE });
      },
    },
    {
      name: 'AbortSignal.timeout',
      run: async (count) => {
        for (let at = 0; at < count; at += 1) {
          const signal = AbortSignal.any([AbortSignal.timeout(MINUTE)]);
          await work();
          signal.throwIfAborted();
        }
      },
    },
  ],
});

await contest({
  title: 'Start sleepers and cancel them all',
  count: 100_000,
  contenders: [
    {
      name: 'a scope around them',
      run: (count) => {
        const scope = new CancelScope();
        return scope.run(() =>
          taskGroup((group) => {
            for (let at = 0; at < count; at += 1) group.spawn(() => sleep(MINUTE));
            scope.cancel();
          }),
        );
      },
    },
    { name: 'an AbortController each', run: abortEach },
  ],
});

async function abortEach(count: number): Promise<void> {
  const controllers = Array.from({ length: count }, () => new AbortController());
  const sleepers = controllers.map(({ signal }) => abortableSleep(signal));
  for (const controller of controllers) controller.abort();
  await Promise.allSettled(sleepers);
}

function abortableSleep(signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, MINUTE);
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        reject(signal.reason as Error);
      },
      { once: true },
    );
  });
}
