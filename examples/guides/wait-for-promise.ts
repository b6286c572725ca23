// #region wait-for-promise
import { run, sleep, TimeoutError, waitFor } from '@ambit/core';

const saved = sleep(90).then(() => console.log('saved all the same'));

await run(async () => {
  try {
    await waitFor(saved, 30);
  } catch (error) {
    if (!(error instanceof TimeoutError)) throw error;
    console.log(error.message);
  }
  await saved;
});
// #endregion wait-for-promise
