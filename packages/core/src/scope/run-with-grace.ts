import { isCausedBy, withoutCancellations } from './cancellation.ts';
import { GraceClock } from './grace-clock.ts';
import { heirOf } from './heir.ts';
import { whenSettled } from '../internal/native-promise.ts';
import type { ScopeCore } from './scope-core.ts';
import { StragglersError } from './stragglers-error.ts';
import type { Straggler } from './stragglers-error.ts';
import { pathOf, remainsOf, stragglerOf } from './stragglers.ts';

/** Waits for what runs in a scope; once the scope is cancelled, no longer than its grace. */
export function runWithGrace<T>(
  scope: ScopeCore & Pick<CancelSource, 'onCancel'>,
  grace: number,
  running: Promise<T>,
): Promise<T> {
  const clock = new GraceClock(scope, grace);
  const registration = scope.onCancel(() => {
    clock.start();
  });
  const dispose = (): void => {
    registration[Symbol.dispose]();
    clock[Symbol.dispose]();
  };
  whenSettled(running, dispose, dispose);
  return clock.bound(running, () => leave(scope, grace, running));
}

interface CancelSource {
  onCancel(callback: () => void): Disposable;
}

/** Leaves what runs to the group around, and makes the error that says so. */
function leave(scope: ScopeCore, grace: number, running: Promise<unknown>): StragglersError {
  const cause = scope._isCancelledFromOutside() ? scope._parent?.reason : undefined;
  const error = new StragglersError({ label: scope._label(), grace }, namesIn(scope), cause);
  scope._isLeft = true;
  const heir = heirOf(scope);
  const letGo = heir._hold();
  whenSettled(running, letGo, (failure: unknown) => {
    const reason = scope._reason;
    if (reason === undefined || !isCausedBy(reason, failure)) {
      const left = reason === undefined ? failure : withoutCancellations(reason, failure);
      heir._straggled(left, 'a straggler');
    }
    letGo();
  });
  return error;
}

function namesIn(scope: ScopeCore): Straggler[] {
  const now = scope._runtime.loop.now();
  const since = scope._reason?._since ?? now;
  const { tasks, waits } = remainsOf(scope);
  const path = pathOf(scope);
  const places = waits.map((name) => ({ name, path, cancelledFor: now - since }));
  const all = [...tasks.map((task) => stragglerOf(task, since)), ...places];
  if (all.length > 0) return all;
  // It waits for something that is not in the tree.
  return [{ name: scope.name === '' ? 'the body' : scope.name, path, cancelledFor: now - since }];
}
