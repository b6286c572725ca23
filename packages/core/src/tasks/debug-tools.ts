import type { CancelScope } from '../scope/cancel-scope.ts';
import type { Runtime } from '../loop/runtime.ts';
import type { Task } from './task.ts';

/** A group whose block ends before its tasks. */
export interface LeftGroup {
  /** @internal */ _label(): string;
  /** @internal */ readonly _children: { readonly active: number };
}

/**
 * What looks at a program from outside: the task tree, the search for deadlocks, and debug mode. A program that loads the
 * main door has it. A bundler that takes only what is imported leaves it out, unless `@ambit/core/debug` is imported.
 */
export interface DebugTools {
  /** The task tree of a run as text; an apology if it cannot be drawn. */
  describe(scope: CancelScope): string;
  /** Lets a debugger look at the tasks of the process. */
  offerLook(): void;
  /** Debug mode of a run, until what is returned is disposed of. */
  watchRun(scope: CancelScope, options: WatchOptions): Disposable;
  /** The stack of the caller of `spawn`, which is four calls away. */
  spawnSite(): string;
  /** Lets the stack of a task's error go on where the task was spawned. */
  addSite(error: unknown, task: Task<unknown>): void;
  /** Notes that the calling task waits for `task`, and warns of tasks that wait for each other. */
  noteWait(task: Task<unknown>, wait: Promise<unknown>): void;
  /** Warns, in debug mode, that the block of a group was left without `join()`. */
  noteLeaving(group: LeftGroup): void;
}

/** What {@link DebugTools.watchRun} needs beyond the scope. */
export interface WatchOptions {
  readonly runtime: Runtime;
  /** Milliseconds; a synchronous turn that takes longer is reported. */
  readonly slowTurn: number;
  /** Prints the task tree under a title. */
  readonly dump: (title: string) => void;
}

/** Empty in a bundle without them. */
export const debugTools: { loaded: DebugTools | undefined } = { loaded: undefined };
