// #region wait-for
import { run, sleep, timeout, TimeoutError } from '@ambit/core';

async function eternity(): Promise<void> {
  await sleep(3_600_000);
  console.log('yay!');
}

await run(async () => {
  try {
    await timeout(10, eternity);
  } catch (error) {
    if (!(error instanceof TimeoutError)) throw error;
    console.log('timeout!');
  }
});
// #endregion wait-for
