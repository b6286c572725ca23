type Then = (
  this: Promise<unknown>,
  fulfilled: (value: unknown) => unknown,
  rejected: (error: unknown) => unknown,
) => unknown;

interface NativePromise {
  resolve(value: unknown): Promise<unknown>;
  reject(error: unknown): Promise<never>;
  readonly prototype: { readonly then: Then };
}

let native: NativePromise | undefined;

// The promise that `await` knows: a global that was replaced may not keep the context of its reactions. Made when it is first
// needed: tools that look for leaks report each promise that an import leaves.
function nativePromise(): NativePromise {
  native ??= (async () => Promise.resolve())().constructor as unknown as NativePromise;
  return native;
}

/**
 * Calls back with what comes of a value, in the context of this call, as an `await` goes on: not by a `then` that a promise has
 * of its own, which may call from elsewhere, or twice.
 *
 * @returns a promise of what the callback returns
 */
export function whenSettled(
  value: unknown,
  fulfilled: (value: unknown) => unknown,
  rejected: (error: unknown) => unknown,
): unknown {
  return nativePromise().prototype.then.call(nativeOf(value), fulfilled, rejected);
}

/** A promise of the platform for a value: the value itself, if it is one. */
export function nativeOf(value: unknown): Promise<unknown> {
  try {
    return nativePromise().resolve(value);
  } catch (error) {
    return nativePromise().reject(error);
  }
}
