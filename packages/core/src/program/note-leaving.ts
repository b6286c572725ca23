import { emitWarning } from '../internal/emit-warning.ts';
import type { LeftGroup } from '../tasks/debug-tools.ts';

/** The block of a group was left without `join()`. */
export function noteLeaving(group: LeftGroup): void {
  emitWarning(
    `${group._label()} was left with ${String(group._children.active)} unfinished tasks, which are cancelled now; ` +
      'end the block with `await group.join()`',
    'TaskGroupWarning',
  );
}
