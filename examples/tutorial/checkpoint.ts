// #region checkpoint
import { checkpoint, moveOnAfter, run } from '@ambit/core';

await run(async () => {
  let rounds = 0;
  await moveOnAfter(20, async () => {
    for (;;) {
      rounds += 1; // work that never waits
      await checkpoint();
    }
  });
  console.log('stopped in the loop:', rounds > 0);
});
// #endregion checkpoint
