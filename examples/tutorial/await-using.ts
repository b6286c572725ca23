// #region await-using
import { run, sleep, TaskGroup } from '@ambit/core';

await run(async () => {
  await using group = new TaskGroup();
  group.spawn(async () => {
    await sleep(10);
    console.log('the child has ended');
  });
  await group.join(); // without this line the child would be cancelled
});
// #endregion await-using
