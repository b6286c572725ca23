// #region wait
import { createTask, run, sleep, wait } from '@ambit/core';

async function answer(name: string, delay: number): Promise<string> {
  await sleep(delay);
  return name;
}

await run(async () => {
  const tasks = [
    createTask(() => answer('hare', 10)),
    createTask(() => answer('tortoise', 60_000)),
  ];
  const { done, pending } = await wait(tasks, { until: 'first-completed' });
  for (const task of done) {
    console.log(task.result());
  }
  for (const task of pending) {
    task.cancel();
  }
  console.log(pending.size, 'cancelled');
});
// #endregion wait
