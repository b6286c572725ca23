import type { Runtime } from '../loop/runtime.ts';
import type { CancelScope } from '../scope/cancel-scope.ts';
import { rootScope } from '../scope/any-scope.ts';
import type { TaskGroup } from '../tasks/task-group.ts';

/** A `run()` that has begun. */
export interface Running {
  /** The outermost scope. */
  readonly scope: CancelScope;
  /** Owns the tasks that `createTask` makes; undefined before main has begun and once it has ended. */
  group: TaskGroup | undefined;
}

const running = new WeakMap<Runtime, Running>();

/** Notes a run, by what all of its scopes share. */
export function noteRun(runtime: Runtime, run: Running): void {
  running.set(runtime, run);
}

/** The run that a runtime belongs to; undefined for the host's. */
export function runOf(runtime: Runtime): Running | undefined {
  return running.get(runtime);
}

/** The scope around everything in a run; outside of any run, around everything. */
export function outermost(runtime: Runtime): CancelScope {
  return running.get(runtime)?.scope ?? rootScope;
}
