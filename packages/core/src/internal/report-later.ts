/**
 * Reports an error that has no caller to go to, as a throwing event listener's is: in a microtask of
 * its own, where it becomes an uncaught exception. What runs now is not disturbed.
 */
export function reportLater(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}

/** Calls it; what it throws is reported and stops nobody else. */
export function callSafely<A>(callback: (argument: A) => void, argument: A): void {
  try {
    callback(argument);
  } catch (error) {
    reportLater(error);
  }
}
