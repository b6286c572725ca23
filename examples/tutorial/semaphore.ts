// #region semaphore
import { concurrentForEach, run, sleep } from '@ambit/core';
import { Semaphore } from '@ambit/sync';

const printers = new Semaphore(2, { name: 'printers' });
let busy = 0;
let most = 0;

async function print(): Promise<void> {
  using _printer = await printers.acquire();
  most = Math.max(most, (busy += 1));
  await sleep(5);
  busy -= 1;
}

await run(async () => {
  await concurrentForEach(['a', 'b', 'c', 'd', 'e'], print, { limit: 5 });
  console.log(`at most ${most} at a time; free again: ${printers.available}`);
});
// #endregion semaphore
