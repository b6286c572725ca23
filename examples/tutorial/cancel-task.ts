// #region cancel-task
import { run, sleep, taskGroup } from '@ambit/core';

await run(async () => {
  await taskGroup(async (group) => {
    const search = group.spawn(async () => {
      try {
        await sleep(60_000);
      } finally {
        console.log('the search closes its index');
      }
    });
    await sleep(10);
    console.log(search.status);
    await search.stop('the user has closed the window');
    console.log(search.status);
  });
  console.log('and the group has not failed');
});
// #endregion cancel-task
