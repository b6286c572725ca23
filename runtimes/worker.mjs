// The module of the web workers that the suite starts.
import { sleep } from '@ambit/core';
import { exposeToPool, transfer, workerScope } from '@ambit/core/web';

class OddError extends RangeError {}

let calls = 0;

exposeToPool({
  add: (a, b) => a + b,
  calls: () => (calls += 1),
  // The ambient scope reaches it, and so does the signal.
  async untilCancelled() {
    const { signal } = workerScope();
    try {
      await sleep(60_000, { signal });
    } catch {
      return `cancelled: ${signal.reason.reason}`;
    }
  },
  spin() {
    for (;;);
  },
  fail() {
    throw new OddError('odd', { cause: new TypeError('why') });
  },
  double: (bytes) =>
    transfer(
      new Uint8Array(bytes).map((byte) => 2 * byte),
      [],
    ),
  handOver: (bytes) => transfer(bytes, [bytes.buffer]),
  throwLater: () =>
    new Promise(() => {
      setTimeout(() => {
        throw new Error('uncaught');
      });
    }),
  leave: () => new Promise(() => globalThis.close()),
  online: () => globalThis.navigator.onLine,
});
