/**
 * Calls a function that gives a promise; what it throws at once, for example for a bad argument, becomes a
 * rejection. Used instead of an `async` function, whose own promise around the promise costs more.
 */
export function promiseTry<T>(fn: () => Promise<T>): Promise<T> {
  try {
    return fn();
  } catch (error) {
    return Promise.reject(error);
  }
}
