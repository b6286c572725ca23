import { callSafely } from './report-later.ts';

const settled = Promise.resolve();

/** Calls back in a microtask. Not by `queueMicrotask`, which fake timers of test runners replace. */
export function microtask(callback: () => void): void {
  void settled.then(() => {
    callSafely(callback, undefined);
  });
}
