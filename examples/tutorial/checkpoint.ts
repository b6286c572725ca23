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
  console.log('stopped, after many rounds:', rounds > 10);
});
// #endregion checkpoint
