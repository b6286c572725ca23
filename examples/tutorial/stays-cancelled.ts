// #region stays-cancelled
import { isCancelled, run, sleep, taskGroup } from '@ambit/core';

await run(async () => {
  await taskGroup(async (group) => {
    const stubborn = group.spawn(async () => {
      for (const attempt of [1, 2, 3]) {
        try {
          await sleep(60_000);
        } catch (error) {
          console.log(`attempt ${attempt}: cancelled: ${isCancelled(error)}`);
        }
      }
    });
    await sleep(10);
    await stubborn.stop();
    console.log('it has ended');
  });
});
// #endregion stays-cancelled
