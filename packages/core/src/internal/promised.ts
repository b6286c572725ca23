/**
 * Calls a function that gives a promise; what it throws at once, a bad argument say, becomes a
 * rejection. In the place of an `async` function, whose own promise around the promise costs more.
 */
export function promised<T>(fn: () => Promise<T>): Promise<T> {
  try {
    return fn();
  } catch (error) {
    return Promise.reject(error);
  }
}
