/**
 * What is thrown while the body runs and has no caller to go to. Outside of tests it is an uncaught
 * exception, thrown from a microtask of its own.
 */
export function reportedErrors(body: () => void): unknown[] {
  const reported: unknown[] = [];
  const spy = jest.spyOn(globalThis, 'queueMicrotask').mockImplementation((callback) => {
    try {
      callback();
    } catch (error) {
      reported.push(error);
    }
  });
  try {
    body();
  } finally {
    spy.mockRestore();
  }
  return reported;
}

/** The same for code that waits: what is thrown from now on, until it is disposed of. */
export function watchReported(): { readonly reported: unknown[] } & Disposable {
  const reported: unknown[] = [];
  const queue = globalThis.queueMicrotask;
  const spy = jest.spyOn(globalThis, 'queueMicrotask').mockImplementation((callback) => {
    queue(() => {
      try {
        callback();
      } catch (error) {
        reported.push(error);
      }
    });
  });
  return { reported, [Symbol.dispose]: () => spy.mockRestore() };
}
