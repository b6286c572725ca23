import { noteCall } from '../loop/note-call.ts';
import type { Runtime } from '../loop/runtime.ts';
import { currentFrame } from './any-scope.ts';
import type { CancelScope } from './cancel-scope.ts';

/**
 * Returns the innermost scope around the caller; outside of any, a root scope that is never cancelled.
 *
 * @example
 * const left = currentScope().effectiveDeadline - getRunningLoop().now();
 */
export function currentScope(): CancelScope {
  noteCall('currentScope');
  return currentFrame()._scope._here();
}

/** What the scopes of the present run share. */
export function currentRuntime(): Runtime {
  return currentFrame()._scope._nearestOpen()._runtime;
}

/**
 * Returns the source of chance of the running `run()`: numbers from 0 to below 1, by the seed of a test where
 * there is one. Outside of any run it is `Math.random`.
 *
 * @example
 * const delay = 1000 * (0.5 + currentRandom()());
 */
export function currentRandom(): () => number {
  return currentRuntime().random;
}
