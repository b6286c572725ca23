// #region any-signal
import { setTimeout as delay } from 'node:timers/promises';
import { anySignal } from '@ambit/core/abort';

const user = new AbortController();
const shutdown = new AbortController();

async function wait(): Promise<string> {
  using either = anySignal(user.signal, shutdown.signal);
  return await delay(60_000, 'done', { signal: either.signal });
}

setTimeout(() => user.abort(), 10);
await wait().catch((error: unknown) => console.log(String(error)));
// #endregion any-signal
