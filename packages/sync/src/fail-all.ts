import type { ParkingLot } from '@ambit/core/lowlevel';

/** Ends every wait in a line, each with an error of its own. */
export function failAll<T, D>(line: ParkingLot<T, D>, make: () => Error): void {
  const error = alike(make);
  for (let place = line.head; place !== undefined; place = line.head) place.fail(error());
}

/**
 * Makes errors that arise at one place: the first one's stack is that of all. Capturing a stack is what
 * makes an error dear, and a million may wait for what is closed.
 */
export function alike(make: () => Error): () => Error {
  let stack: string | undefined;
  let first: Error | undefined;
  return () => {
    if (first === undefined) return (first = make());
    stack ??= first.stack ?? '';
    const error = withoutStack(make);
    error.stack = stack;
    return error;
  };
}

function withoutStack(make: () => Error): Error {
  const depth = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  const error = make();
  Error.stackTraceLimit = depth;
  return error;
}
