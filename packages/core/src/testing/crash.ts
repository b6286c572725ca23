import { show } from '../internal/check.ts';
import { InvalidStateError } from '../internal/errors.ts';
import { remove } from '../internal/linked-list.ts';
import { reportLater } from '../internal/report-later.ts';
import type { EventLoop, Handle } from '../loop/event-loop.ts';
import { Runtime } from '../loop/runtime.ts';
import type { Pace } from '../loop/slice.ts';
import { AnyScope } from '../scope/any-scope.ts';
import type { CancelScope } from '../scope/cancel-scope.ts';
import type { Registration } from '../scope/propagation.ts';
import { disarm } from '../scope/triggers.ts';
import { Waiter } from '../waiting/waiter.ts';
import { isCrashed, markCrashed } from './crashed.ts';
import { VirtualLoop } from './virtual-loop.ts';

/**
 * Ends a scope as if the machine that it runs on was switched off: nothing in it goes on, not even
 * `finally`. Its waits leave the lines that they are in, and its timers, deadlines and listeners are gone;
 * what its tasks hold stays held. Code outside that waits for something in the scope waits forever: give
 * it a time limit. Does nothing to a scope that has not begun or has ended.
 *
 * Nothing can stop a promise of the platform: code in the scope that waits for one goes on when that settles, up
 * to its next wait, which never ends. So does a wait that was woken in the same turn, except in a test with a seed
 * or with a simulated network: there each wait resumes by itself.
 *
 * @param scope - with all that is in it
 * @throws TypeError if it is not a CancelScope; InvalidStateError for the scope around everything
 * @example
 * const machine = new AnyScope();
 * void machine.run(() => serve());
 * await sleep(5000);
 * crash(machine);
 */
export function crash(scope: CancelScope): void {
  check(scope);
  if (scope._state !== 'open') return;
  const { loop } = scope._runtime;
  const { scopes, waiters, callbacks } = contentsOf(scope);
  for (const each of scopes) stop(each);
  // All are claimed before the first leaves its line: else it could wake another one of them.
  const claimed = waiters.filter((waiter) => waiter._seize());
  for (const gone of [scope, ...callbacks]) remove<Registration>(gone);
  for (const waiter of claimed) leave(waiter);
  if (loop instanceof VirtualLoop) loop._forget(isCrashed);
}

function check(scope: CancelScope): void {
  if (!(scope instanceof AnyScope)) {
    throw new TypeError(`crash: scope is ${show(scope)}, not a CancelScope; give the scope to end`);
  }
  if (scope._state === 'open' && scope._parent === undefined) {
    throw new InvalidStateError(
      'crash: this scope is around everything; give a scope of your own, or that of a task or group',
    );
  }
}

function contentsOf(scope: CancelScope) {
  const waiters: Waiter<unknown>[] = [];
  const callbacks: Registration[] = [];
  // Grows while it is walked: however deep the scopes, no stack is needed.
  const scopes = [scope];
  for (const each of scopes) {
    for (let below = each._first; below !== undefined; below = below._next) {
      if (below instanceof AnyScope) scopes.push(below);
      else if (below instanceof Waiter) waiters.push(below as Waiter<unknown>);
      else callbacks.push(below);
    }
  }
  return { scopes, waiters, callbacks };
}

function stop(scope: CancelScope): void {
  disarm(scope);
  scope._controller = undefined;
  scope._draining = undefined;
  scope._runtime = nowhere();
  markCrashed(scope);
}

function leave(waiter: Waiter<unknown>): void {
  try {
    waiter._undo();
  } catch (error) {
    reportLater(error);
  }
}

const never: Handle = { when: Infinity, cancel: () => undefined };

/** A loop on which time stands still and nothing is ever called back. */
const stopped: EventLoop & { readonly _pace: Pace; readonly isOver: true; hold(): Disposable } = {
  now: () => 0,
  callSoon: () => undefined,
  callNext: () => never,
  callLater: () => never,
  callAt: () => never,
  hold: () => ({ [Symbol.dispose]: () => undefined }),
  isOver: true,
  _pace: { isDue: () => true, defer: () => undefined },
};

let runtimeOfNothing: Runtime | undefined;

// Made when it is first needed: from then on each call looks which runtime it is of.
function nowhere(): Runtime {
  if (runtimeOfNothing === undefined) {
    runtimeOfNothing = new Runtime(stopped);
    runtimeOfNothing.deliver = () => undefined;
    runtimeOfNothing.isOver = true;
  }
  return runtimeOfNothing;
}
