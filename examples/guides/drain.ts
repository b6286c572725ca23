// #region drain
import { run, sleep } from '@ambit/core';
import { TaskTracker } from '@ambit/sync';

const requests = new TaskTracker();

async function answer(number: number): Promise<void> {
  await sleep(10 * number);
  console.log(`${number} is answered`);
}

await run(async (group) => {
  for (const number of [1, 2, 3]) requests.track(group.spawn(() => answer(number)));
  requests.close(); // no more of them
  await requests.wait();
  console.log('all that were begun have ended');
});
// #endregion drain
