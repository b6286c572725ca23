// #region waits-for-all
import { run, sleep, taskGroup } from '@ambit/core';

await run(async () => {
  await taskGroup((group) => {
    group.spawn(async () => {
      await sleep(20);
      console.log('the letter is posted');
    });
    console.log('the body has ended');
  });
  console.log('the group has ended');
});
// #endregion waits-for-all
