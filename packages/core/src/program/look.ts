import { exposeLook } from '#platform';
import { counts } from '../diagnostics/counts.ts';
import { hostLoop } from '../loop/event-loop.ts';
import { rootScope } from '../scope/any-scope.ts';
import { currentTask } from '../tasks/current-group.ts';
import { findDeadlocks } from './deadlock.ts';
import { Survey } from './survey.ts';
import type { Draft } from './survey.ts';

/** How many tasks without children are shown: the process waits for this, and what is sent is a text. */
const MOST = 1000;

/**
 * Lets a debugger look at the tasks of the process, also in a bundle with `@ambit/core/debug`: `ambit attach` calls
 * what is under the symbol `@ambit/core:look` of the global object.
 */
export function offerLook(): void {
  exposeLook(look);
}

function look(): object {
  let left = MOST;
  let omitted = 0;
  const survey = new Survey((around: Draft, draft: Draft) => {
    if (draft.children.length === 0) left -= 1;
    if (left >= 0 || draft.children.length > 0) around.children.push(draft);
    else omitted += 1;
  });
  const tree = survey.of(rootScope, 'process');
  const deadlocks = findDeadlocks(survey.blocked).map(({ text }) => text);
  const current = currentTask()?.name;
  return { now: hostLoop.now(), counts: { ...counts }, tree, deadlocks, omitted, current };
}
