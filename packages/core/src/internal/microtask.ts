import { callSafely } from './report-later.ts';

// Made when it is first needed: importing leaves no promise behind.
let settled: Promise<void> | undefined;

/** Calls back in a microtask. Not by `queueMicrotask`, which fake timers of test runners replace. */
export function microtask(callback: () => void): void {
  settled ??= Promise.resolve();
  void settled.then(() => {
    callSafely(callback, undefined);
  });
}
