import { AnyScope } from '../scope/any-scope.ts';
import { checkFunction } from '../internal/check.ts';

/**
 * Fails unless a function is a checkpoint: unless it throws when it is called in a cancelled scope, even
 * if it could have finished at once.
 *
 * @param fn - called once, in a scope that is cancelled
 * @throws (rejects) an Error if the function returned; what it threw, if that was something else
 * @example
 * await expectCheckpoint(() => queue.get());
 */
export async function expectCheckpoint(fn: () => unknown): Promise<void> {
  checkFunction('expectCheckpoint', 'fn', fn);
  const scope = new AnyScope({ name: 'expectCheckpoint' });
  scope.cancel('the function is called in a cancelled scope');
  await scope.run(fn);
  if (scope.cancelCaught) return;
  throw new Error(
    `expectCheckpoint: ${fn.name || 'the function'} returned in a cancelled scope; ` +
      'let it begin with a checkpoint, or with throwIfCancelled() of @ambit/core/lowlevel',
  );
}
