// #region scope
import { CancelScope, run, sleep, taskGroup } from '@ambit/core';

await run(async () => {
  await taskGroup(async (group) => {
    const preview = new CancelScope({ name: 'preview' });
    group.spawn(async () => {
      await sleep(10);
      preview.cancel('another file was chosen');
    });
    const picture = await preview.run(async () => {
      await sleep(60_000);
      return 'a picture';
    });
    console.log(picture);
    console.log(preview.cancelCaught, preview.reason?.reason);
  });
});
// #endregion scope
