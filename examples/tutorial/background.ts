// #region background
import { run, sleep, taskGroup } from '@ambit/core';

await run(async () => {
  await taskGroup(async (group) => {
    group.spawn(() => tick(), { name: 'clock', daemon: true });
    await sleep(30);
    console.log('done');
  });
});

async function tick(): Promise<never> {
  for (;;) {
    console.log('tick');
    await sleep(20);
  }
}
// #endregion background
