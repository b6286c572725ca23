/**
 * Reports an error that has no caller to go to, as a throwing event listener's is: in a microtask of
 * its own, where it becomes an uncaught exception. The code that runs now is not disturbed.
 */
export function reportLater(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}

/**
 * Calls a callback of the user's. What it throws becomes an uncaught exception, in a microtask of its own, and does not
 * stop other callbacks.
 *
 * @param callback - called at once
 * @param argument - what it gets
 * @example
 * for (const listener of listeners) callSafely(listener, change);
 */
export function callSafely<A>(callback: (argument: A) => void, argument: A): void {
  try {
    callback(argument);
  } catch (error) {
    reportLater(error);
  }
}
