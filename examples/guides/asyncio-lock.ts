// #region lock
import { gather, run, sleep } from '@ambit/core';
import { Lock } from '@ambit/sync';

await run(async () => {
  const lock = new Lock();

  async function worker(name: string): Promise<void> {
    {
      using _held = await lock.acquire();
      console.log(name, 'has it');
      await sleep(10);
    }
    console.log(name, 'gave it back');
  }

  await gather([() => worker('Ann'), () => worker('Bob')]);
});
// #endregion lock
