import { ContextVar, InvalidStateError } from '@ambit/core';
import type { CancelScope } from '@ambit/core';
import { knownFrames } from './thread-frames.ts';

/** The one that the code which asks belongs to: what an earlier call left behind has its own. */
const ambientScope: ContextVar<CancelScope> = new ContextVar<CancelScope>({ name: 'worker scope' });

/**
 * Returns the scope of a function that runs in a thread of a {@link WorkerPool}, which is cancelled when its caller is. All
 * of core waits in it by itself, and its `signal` is for the rest. A function that computes without ever waiting can ask
 * it at times: `workerScope().throwIfCancelled()`. After `grace` the thread is terminated, and then no `finally` runs.
 *
 * @returns the scope of the call
 * @throws InvalidStateError outside of such a call
 * @example
 * export function render(scene: Scene): Uint8Array {
 *   for (const line of scene.lines) {
 *     workerScope().throwIfCancelled();
 *     draw(line);
 *   }
 *   return scene.pixels;
 * }
 */
export function workerScope(): CancelScope {
  const frames = knownFrames();
  // The frame of a call has its scope under this name. Each copy of this package has its own.
  if (frames !== undefined) frames.variable = ambientScope;
  const scope = ambientScope.get();
  if (scope !== undefined) return scope;
  throw new InvalidStateError(
    'workerScope: this is not part of a call on a WorkerPool; currentScope() is there everywhere',
  );
}
