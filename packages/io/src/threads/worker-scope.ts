import { CancelScope, ContextVar, InvalidStateError } from '@ambit/core';
import type { CancelledError } from '@ambit/core';

/**
 * The scope of a call in its thread. Looks whether the caller has been cancelled each time it is asked: a loop that does
 * not let go of the thread receives no messages.
 */
export class WorkerScope extends CancelScope {
  readonly #look: () => void;

  constructor(look: () => void) {
    super({ name: 'worker' });
    this.#look = look;
  }

  override get reason(): CancelledError | undefined {
    this.#look();
    return super.reason;
  }

  override get cancelCalled(): boolean {
    this.#look();
    return super.cancelCalled;
  }

  override get signal(): AbortSignal {
    this.#look();
    return super.signal;
  }

  override throwIfCancelled(): void {
    this.#look();
    super.throwIfCancelled();
  }
}

/** @internal The one that the code which asks belongs to: what an earlier call left behind has its own. */
export const ambientWorkerScope: ContextVar<WorkerScope> = new ContextVar<WorkerScope>({
  name: 'worker scope',
});

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
  const scope = ambientWorkerScope.get();
  if (scope !== undefined) return scope;
  throw new InvalidStateError(
    'workerScope: this is not part of a call on a WorkerPool; currentScope() is there everywhere',
  );
}
