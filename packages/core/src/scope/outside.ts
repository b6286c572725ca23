import type { Runtime } from '../loop/runtime.ts';
import { outermost, rootScope } from './any-scope.ts';
import type { CancelScope } from './cancel-scope.ts';

const outsides = new WeakMap<Runtime, CancelScope>();

/** Replaces {@link rootScope} for code of a run that is detached from it: with the run's clock. */
export function outsideOf(runtime: Runtime): CancelScope {
  if (runtime === rootScope._runtime) return rootScope;
  let outside = outsides.get(runtime);
  if (outside === undefined) {
    outside = outermost();
    outside._runtime = runtime;
    outsides.set(runtime, outside);
  }
  return outside;
}
