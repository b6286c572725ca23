import { hostTimers } from '#platform';

const { setImmediate: immediate, setTimeout: timer, clearTimeout: clear } = hostTimers;
const { MessageChannel: Channel } = globalThis;

/** Calls back in the next turn of the real event loop. */
export function nextHostTurn(callback: () => void): void {
  if (typeof immediate === 'function') {
    immediate(callback);
    return;
  }
  const { port1, port2 } = new Channel();
  port1.addEventListener('message', () => {
    port1.close();
    callback();
  });
  port1.start();
  port2.postMessage(undefined);
}

// Node takes more for 1.
const LONGEST = 2 ** 31 - 1;

/** Calls back after real milliseconds; returns the way to take it back. */
export function afterRealTime(ms: number, callback: () => void): () => void {
  const handle = timer(callback, Math.min(ms, LONGEST));
  return () => {
    clear(handle);
  };
}
