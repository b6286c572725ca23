import { AnyScope, currentFrame } from '../scope/any-scope.ts';
import { isCausedBy, isInForce } from '../scope/cancellation.ts';
import { suppress } from '../internal/suppressed-errors.ts';

/** Not quiet if a cleanup cuts itself short: what it was to do has not been done. */
class CleanupScope extends AnyScope {
  override _absorbed(): never {
    throw this._own as Error;
  }
}

/** Runs it where no cancellation reaches it. */
export async function shielded<T>(body: () => T): Promise<Awaited<T>> {
  const scope = new CleanupScope({ shield: true, name: 'cleanup' });
  return scope._enter<Awaited<T>, never>(body as () => Awaited<T>);
}

/**
 * Cleans up after an error, and throws it, with the cleanup's attached. Does not return it: a promise can
 * be thrown, but not be what a promise resolves with.
 */
export async function cleanUpAfter(
  error: unknown,
  cleanup: () => Promise<unknown>,
): Promise<never> {
  try {
    await cleanup();
  } catch (cleanupError) {
    // A scope absorbs its cancellation: what is attached to it would go with it.
    const here = currentFrame()._scope;
    const { reason } = here;
    if (reason !== undefined && isCausedBy(reason, error)) throw cleanupError;
    if (isInForce(here, error)) throw cleanupError;
    suppress(error, [cleanupError]);
  }
  throw error;
}
