import { counts } from '../diagnostics/counts.ts';
import { checkCount, checkOptions } from '../internal/check.ts';
import { hostLoop } from '../loop/event-loop.ts';
import { findDeadlocks } from '../program/deadlock.ts';
import { Survey } from '../program/survey.ts';
import type { Draft, TaskTreeNode } from '../program/survey.ts';
import { rootScope } from '../scope/any-scope.ts';
import { Folding, prune } from './fold.ts';

/** How many tasks the process has spawned, and what came of those that have ended. @beta */
export interface Counts {
  /** All that were spawned. */
  readonly spawned: number;
  /** Those that ended with a value. */
  readonly fulfilled: number;
  /** Those that ended with an error. */
  readonly rejected: number;
  /** Those that ended because they were cancelled. */
  readonly cancelled: number;
}

/** What goes on in a process. See {@link snapshot}. @beta */
export interface Snapshot {
  /** The instant, in milliseconds of the host's clock. */
  readonly now: number;
  /** How many tasks there were so far. */
  readonly counts: Counts;
  /** The tree of the running `run()`; if there are several, or something runs outside of it, that of the process. */
  readonly tree: TaskTreeNode;
  /** A sentence for each circle of tasks that wait for each other. */
  readonly deadlocks: readonly string[];
  /** How many tasks and groups the tree does not show because of the limit. */
  readonly omitted: number;
}

/** Options for {@link snapshot}. @beta */
export interface SnapshotOptions {
  /** How many nodes the tree has at most. Default: 1000. */
  readonly limit?: number | undefined;
}

/**
 * Describes all that goes on in the process, in every `run()`. Siblings that differ in nothing but ids and times are shown as
 * one node with a `count`, which keeps a tree of 100,000 tasks small. Does not wait.
 *
 * @beta
 * @param options - `limit`
 * @returns plain data, which can become JSON; it has no values and no arguments of the program
 * @throws RangeError or TypeError for bad options
 * @example
 * const { deadlocks, counts } = snapshot();
 * if (deadlocks.length > 0) console.error(deadlocks.join('\n'));
 */
export function snapshot(options?: SnapshotOptions): Snapshot {
  checkOptions('snapshot', options);
  const { limit = 1000 } = options ?? {};
  checkCount('snapshot', 'limit', limit, 1);
  const folding = new Folding();
  const survey = new Survey(folding.place);
  const tree = topOf(survey.of(rootScope, 'process'));
  const omitted = prune(tree, limit);
  const deadlocks = findDeadlocks(survey.blocked).map(({ text }) => text);
  return { now: hostLoop.now(), counts: { ...counts }, tree, deadlocks, omitted };
}

/** The only run, if there is nothing else. */
function topOf(root: Draft): Draft {
  const [run] = root.children;
  const isAlone = root.children.length === 1 && root.waitsFor.length === 0;
  return isAlone && run?.kind === 'run' && run.count === undefined ? run : root;
}
