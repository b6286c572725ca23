/** What `await` knows: a global that somebody has replaced may not keep the context of its reactions. */
export const NativePromise = (async () => Promise.resolve())().constructor as PromiseConstructor;
