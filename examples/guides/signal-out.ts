// #region signal-out
import { EventEmitter, once } from 'node:events';
import { currentScope, run, timeout, TimeoutError } from '@ambit/core';

const emitter = new EventEmitter();

await run(async () => {
  try {
    await timeout(50, () => once(emitter, 'ready', { signal: currentScope().signal }));
  } catch (error) {
    console.log(error instanceof TimeoutError, emitter.listenerCount('ready'));
  }
});
// #endregion signal-out
