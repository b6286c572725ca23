// #region shield
import { moveOnAfter, run, shield, sleep } from '@ambit/core';

await run(async () => {
  await moveOnAfter(50, async () => {
    try {
      await sleep(60_000);
    } finally {
      await sleep(5).catch((error: unknown) => console.log(`without: ${String(error)}`));
      await shield(() => sleep(5), { timeout: 1000 });
      console.log('with a shield: said goodbye');
    }
  });
});
// #endregion shield
