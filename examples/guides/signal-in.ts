// #region signal-in
import { CancelScope, run, sleep } from '@ambit/core';

const controller = new AbortController();
setTimeout(() => controller.abort(new Error('the window was closed')), 10);

await run(async () => {
  // One call: it rejects with the signal's own reason.
  await sleep(60_000, { signal: controller.signal }).catch((error: unknown) =>
    console.log(String(error)),
  );

  // A part of the program: the scope absorbs it.
  const scope = new CancelScope({ signal: controller.signal });
  console.log(await scope.run(() => sleep(60_000)), scope.cancelCaught);
});
// #endregion signal-in
