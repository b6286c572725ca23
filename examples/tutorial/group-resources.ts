// #region group-resources
import { run, sleep, taskGroup } from '@ambit/core';

await run(async () => {
  await taskGroup((group) => {
    group.defer(() => console.log('3. the log file is closed'));
    group.defer(async () => {
      await sleep(5);
      console.log('2. the cache is written');
    });
    group.spawn(async () => {
      await sleep(20);
      console.log('1. the last task has ended');
    });
  });
});
// #endregion group-resources
