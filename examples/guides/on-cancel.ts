// #region on-cancel
import { moveOnAfter, run } from '@ambit/core';
import { execute } from '@ambit/core/abort';

/** An old interface: a callback, and a way to stop it. */
function startJob(done: (result: string) => void): { stop(): void } {
  const timer = setTimeout(() => done('finished'), 60_000);
  return {
    stop() {
      clearTimeout(timer);
      console.log('the job is stopped');
    },
  };
}

const job = (): Promise<string> =>
  execute((resolve) => {
    const handle = startJob(resolve);
    return () => handle.stop();
  });

await run(async () => {
  console.log((await moveOnAfter(200, job)) ?? 'not in time');
});
// #endregion on-cancel
