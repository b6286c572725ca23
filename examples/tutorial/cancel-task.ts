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
    console.log(search.state);
    await search.stop('the user has closed the window');
    console.log(search.state);
  });
  console.log('and the group has not failed');
});
// #endregion cancel-task
