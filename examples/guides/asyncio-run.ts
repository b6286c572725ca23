// #region run
import { run, sleep } from '@ambit/core';

async function main(): Promise<void> {
  await sleep(10);
  console.log('hello');
}

await run(main);
// #endregion run
