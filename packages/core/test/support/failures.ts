import { sleep, sleepForever } from '@ambit/core';

/** What a promise rejects with; `'no error'` if it does not. */
export function failureOf(promise: PromiseLike<unknown>): Promise<unknown> {
  return Promise.resolve(promise).then(
    () => 'no error',
    (error: unknown) => error,
  );
}

/** A body that fails after a number of milliseconds. */
export const failAfter = (ms: number, error: unknown) => async (): Promise<never> => {
  await sleep(ms);
  throw error;
};

/** A body that sleeps until cancelled, and fails then. */
export const failInCleanup = (error: unknown) => async (): Promise<void> => {
  try {
    await sleepForever();
  } finally {
    await Promise.reject(error);
  }
};
