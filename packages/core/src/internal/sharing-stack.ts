/**
 * Makes errors that arise at one place: those that say the same have the stack of the first. Capturing a stack is what
 * makes an error expensive, and a million may wait for what is closed.
 *
 * @param make - makes an error
 * @returns the same function, faster from the second call on
 * @example
 * const closed = sharingStack(() => new ClosedError('receive: the channel was closed'));
 * for (const waker of wakers) waker.fail(closed());
 */
export function sharingStack<A extends unknown[]>(
  make: (...args: A) => Error,
): (...args: A) => Error {
  let first: Error | undefined;
  return (...args) => {
    if (first === undefined) return (first = make(...args));
    const error = withoutStack(make, args);
    if (error.message !== first.message) return make(...args);
    if (first.stack !== undefined) error.stack = first.stack;
    return error;
  };
}

function withoutStack<A extends unknown[]>(make: (...args: A) => Error, args: A): Error {
  const depth = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return make(...args);
  } finally {
    Error.stackTraceLimit = depth;
  }
}
