// #region sleep
import { getRunningLoop, run, sleep } from '@ambit/core';

async function displayTicks(): Promise<void> {
  const loop = getRunningLoop();
  const endTime = loop.now() + 50;
  for (;;) {
    console.log('tick');
    if (loop.now() + 30 >= endTime) break;
    await sleep(30);
  }
}

await run(displayTicks);
// #endregion sleep
