// What `await` knows: a global that somebody has replaced may not keep the context of its reactions.
const NativePromise = (async () => Promise.resolve())().constructor as PromiseConstructor;

type Then = (
  this: Promise<unknown>,
  fulfilled: (value: unknown) => unknown,
  rejected: (error: unknown) => unknown,
) => unknown;

const { then } = NativePromise.prototype as { readonly then: Then };

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
  return then.call(nativeOf(value), fulfilled, rejected);
}

function nativeOf(value: unknown): Promise<unknown> {
  try {
    return NativePromise.resolve(value);
  } catch (error) {
    return NativePromise.reject(error);
  }
}
