// #region create-task
import { createTask, run, sleep } from '@ambit/core';

async function sayAfter(delay: number, what: string): Promise<void> {
  await sleep(delay);
  console.log(what);
}

await run(async () => {
  const task1 = createTask(() => sayAfter(10, 'hello'));
  const task2 = createTask(() => sayAfter(20, 'world'));
  console.log('started');
  await task1;
  await task2;
  console.log('finished');
});
// #endregion create-task
