// #region deadlines
import { currentScope, getRunningLoop, run, sleep, timeout, TimeoutError } from '@ambit/core';

const left = (): number => Math.round(currentScope().effectiveDeadline - getRunningLoop().now());

await run(async () => {
  try {
    await timeout(80, async () => {
      console.log('outside, below 100 ms are left:', left() < 100);
      await timeout(60_000, async () => {
        console.log('inside too:', left() < 100);
        await sleep(30_000);
      });
    });
  } catch (error) {
    console.log(error instanceof TimeoutError && error.ms);
  }
});
// #endregion deadlines
