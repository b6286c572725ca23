// #region from-abortable
import { setTimeout as delay } from 'node:timers/promises';
import { run, timeout, TimeoutError } from '@ambit/core';
import { fromAbortable } from '@ambit/core/abort';

// Written for signals, long ago.
async function poll(signal: AbortSignal, what: string): Promise<string> {
  await delay(60_000, undefined, { signal });
  return what;
}

const pollHere = fromAbortable(poll);

await run(async () => {
  try {
    await timeout(50, () => pollHere('news'));
  } catch (error) {
    console.log(error instanceof TimeoutError);
  }
});
// #endregion from-abortable
