import type { Draining } from './draining.ts';
import type { Runtime } from '../loop/runtime.ts';
import type { Expiring, Timer } from '../loop/timer-heap.ts';
import type { ScopeNode } from './scope-node.ts';
import type { ScopeOptions } from './scope-options.ts';
import { adopt } from './signal-subscription.ts';
import type { Adopter, Adoption } from './signal-subscription.ts';

/** A scope as its triggers see it: what cancels a scope from itself, its deadline and its signal. */
export interface Triggered extends ScopeNode, Expiring, Adopter {
  readonly _runtime: Runtime;
  readonly _options: ScopeOptions | undefined;
  /** Whether code waits in it: only then its timer keeps the process alive. */
  readonly _isWaitedIn: boolean;
  _deadline: number;
  _timer: Timer | undefined;
  _adoption: Adoption | undefined;
  readonly _draining: Draining | undefined;
}

/** Begins to look out for them: the scope has started. */
export function watch(scope: Triggered): void {
  const options = scope._options;
  if (options?.timeout !== undefined) {
    const instant = scope._runtime.loop.now() + Math.max(options.timeout, 0);
    scope._deadline = Math.min(scope._deadline, instant);
  }
  if (scope._own !== undefined) return;
  if (scope._deadline !== Infinity) arm(scope);
  const signal = options?.signal;
  if (signal?.aborted === true) scope._aborted(signal);
  else if (signal !== undefined) scope._adoption = adopt(signal, scope);
}

/** Waits for its deadline, which may have been moved. */
export function arm(scope: Triggered): void {
  const { timers } = scope._runtime;
  if (scope._timer !== undefined) timers.remove(scope._timer);
  scope._timer = scope._deadline === Infinity ? undefined : timers.add(scope._deadline, scope);
  if (scope._timer !== undefined && !scope._isWaitedIn) timers.unref(scope._timer);
}

/** Lets go of timer and listener. */
export function disarm(scope: Triggered): void {
  if (scope._timer !== undefined) {
    scope._runtime.timers.remove(scope._timer);
    scope._timer = undefined;
  }
  if (scope._adoption !== undefined) {
    scope._adoption.release();
    scope._adoption = undefined;
  }
  if (scope._draining?.timer !== undefined) scope._runtime.timers.remove(scope._draining.timer);
}

/** Code waits in the scope, or no longer does: its timer, and that of its signal, keep the process alive or not. */
export function noteWaits(scope: Triggered): void {
  const { timers } = scope._runtime;
  for (const timer of [scope._timer, scope._draining?.timer]) {
    if (timer !== undefined && scope._isWaitedIn) timers.ref(timer);
    else if (timer !== undefined) timers.unref(timer);
  }
  const { _adoption: adoption } = scope;
  if (adoption !== undefined) adoption.noteWaits();
}

/** Looks at what causes no event: the clock between two timers, and all of it in a scope that has not started. */
export function look(scope: Triggered, now: () => number): void {
  if (scope._own !== undefined || scope._state === 'ended') return;
  const signal = scope._state === 'new' ? scope._options?.signal : undefined;
  if (signal?.aborted === true) scope._aborted(signal);
  else if (scope._deadline !== Infinity && scope._deadline <= now()) scope._expire();
}
