// What lifetimes cost, side by side with what people use today.
import { CancelScope, sleep, taskGroup, timeout } from '@ambit/core';
import pTimeout from 'p-timeout';
import { contest } from './contest.ts';

const MINUTE = 60_000;

async function work(): Promise<number> {
  await Promise.resolve();
  return 1;
}

/** Does a job so many times, one after the other. */
function inTurn(job: () => Promise<unknown>): (count: number) => () => Promise<void> {
  return (count) => async () => {
    for (let at = 0; at < count; at += 1) await job();
  };
}

// @ambit/core is loaded, so its AsyncLocalStorage is active for both.
await contest({
  title: 'Spawn tasks and join them',
  count: 100_000,
  contenders: [
    {
      name: 'taskGroup',
      prepare: (count) => () =>
        taskGroup((group) => {
          for (let at = 0; at < count; at += 1) group.spawn(work);
        }),
    },
    {
      name: 'Promise.all',
      prepare: (count) => () => Promise.all(Array.from({ length: count }, work)),
    },
  ],
});

await contest({
  title: 'A time limit around a short operation',
  count: 50_000,
  contenders: [
    { name: 'timeout', prepare: inTurn(() => timeout(MINUTE, work)) },
    { name: 'p-timeout', prepare: inTurn(() => pTimeout(work(), { milliseconds: MINUTE })) },
    {
      name: 'AbortSignal.timeout',
      prepare: inTurn(async () => {
        const signal = AbortSignal.any([AbortSignal.timeout(MINUTE)]);
        await work();
        signal.throwIfAborted();
      }),
    },
  ],
});

await contest({
  title: 'Cancel sleepers and wait for their end',
  count: 100_000,
  contenders: [
    { name: 'a scope around them', prepare: cancelScope },
    { name: 'an AbortController each', prepare: abortEach },
  ],
});

function cancelScope(count: number): () => Promise<unknown> {
  const scope = new CancelScope();
  const ended = scope.run(() =>
    taskGroup((group) => {
      for (let at = 0; at < count; at += 1) group.spawn(() => sleep(MINUTE));
    }),
  );
  return () => {
    scope.cancel();
    return ended;
  };
}

function abortEach(count: number): () => Promise<unknown> {
  const controllers = Array.from({ length: count }, () => new AbortController());
  const ended = Promise.allSettled(controllers.map(({ signal }) => abortableSleep(signal)));
  return () => {
    for (const controller of controllers) controller.abort();
    return ended;
  };
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
