/**
 * Reports an error that has no caller to go to: in a microtask of its own, where it becomes an uncaught
 * exception. What runs now is not disturbed.
 */
export function reportLater(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
