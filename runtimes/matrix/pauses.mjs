// What the calls of the matrix have in common.
import { sleep } from '@ambit/core';

/** Longer than any run of the suite. */
export const LONG = 60_000;

export const never = () => new Promise(() => undefined);
export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
export const turn = () => pause(0);

/** What most bodies do. */
export const wait = () => sleep(LONG);

/** Calls again and again, for longer than it is watched. */
export async function repeat(call) {
  const end = globalThis.performance.now() + 5000;
  while (globalThis.performance.now() < end) {
    await turn();
    await call();
  }
  await never();
}

export async function drain(source) {
  for await (const item of source) void item;
}

/** Rejects as what takes a signal does. */
export function aborted(signal) {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason));
  });
}

/** For calls whose options come after any number of arguments. */
export const last = (options) => (options.signal === undefined ? [] : [options]);
