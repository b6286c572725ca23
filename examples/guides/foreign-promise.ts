// #region foreign-promise
import { moveOnAfter, run, throwIfCancelled } from '@ambit/core';

/** Takes no signal: nothing can end it early. */
const oldLibrary = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 120));

await run(async () => {
  const result = await moveOnAfter(50, async () => {
    await oldLibrary();
    console.log('it went on to its end');
    throwIfCancelled();
    return 'a result';
  });
  console.log(result ?? 'and the cancellation was still there');
});
// #endregion foreign-promise
