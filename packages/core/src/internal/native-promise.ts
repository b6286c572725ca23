type Then = (
  this: Promise<unknown>,
  fulfilled: (value: unknown) => unknown,
  rejected: (error: unknown) => unknown,
) => unknown;

// The promise that `await` knows: a global that was replaced may not keep the context of its reactions. Settled at once: tools that
// look for leaks report each promise that an import leaves.
// eslint-disable-next-line @typescript-eslint/require-await -- one that awaits is pending for a while
const NativePromise = (async () => undefined)().constructor as PromiseConstructor;

// In a constant, which compiled code can look through.
// eslint-disable-next-line @typescript-eslint/unbound-method -- called on a promise
export const then: Then = NativePromise.prototype.then as Then;

/**
 * Calls back with what comes of a value, in the context of this call, as an `await` goes on: not by a `then` that a promise has
 * of its own, which may call from elsewhere, or twice.
 *
 * @param value - mostly a promise
 * @param fulfilled - gets its value
 * @param rejected - gets its error
 * @returns a promise of what the callback returns
 * @example
 * return whenSettled(handler(request), finishHere, failHere); // both know by a ContextVar whose end it is
 */
export function whenSettled(
  value: unknown,
  fulfilled: (value: unknown) => unknown,
  rejected: (error: unknown) => unknown,
): unknown {
  return then.call(nativeOf(value), fulfilled, rejected);
}

/** A promise of the platform for a value: the value itself, if it is one. */
export function nativeOf(value: unknown): Promise<unknown> {
  try {
    return NativePromise.resolve(value);
  } catch (error) {
    return NativePromise.reject(error);
  }
}
