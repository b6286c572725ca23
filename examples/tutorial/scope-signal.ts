// #region scope-signal
import { setTimeout as delay } from 'node:timers/promises';
import { currentScope, moveOnAfter, run } from '@ambit/core';

function ask(): Promise<string> {
  return delay(60_000, 'an answer', { signal: currentScope().signal });
}

await run(async () => {
  console.log((await moveOnAfter(50, ask)) ?? 'no answer in time');
});
// #endregion scope-signal
