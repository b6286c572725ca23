import { DrainCallback } from './drain-callback.ts';
import { ScopeNode } from './scope-node.ts';
import type { Registration } from './propagation.ts';
import type { ScopeCore } from './scope-core.ts';
import { append } from '../internal/linked-list.ts';
import { callSafely } from '../internal/report-later.ts';
import type { Timer } from '../loop/timer-heap.ts';

/** Options for {@link CancelScope.drain}. */
export interface DrainOptions {
  /** Why: the reason of `draining`. Default: an AbortError "draining". */
  readonly reason?: unknown;
  /** Milliseconds until the scope is cancelled after all; 0 or less: at once. Default: never. */
  readonly timeout?: number | undefined;
}

/** What is known of the draining of one scope. Most have none. */
export interface Draining {
  /** Why it drains; undefined while only `draining` has been read. */
  reason: unknown;
  controller: AbortController | undefined;
  /** Milliseconds given before the scope has started. */
  timeout: number;
  timer: Timer | undefined;
}

// How many `draining` signals and callbacks there are: without any, a cancellation need not look for those below shields.
let listeners = 0;

function drainingOf(scope: ScopeCore): Draining {
  scope._draining ??= {
    reason: undefined,
    controller: undefined,
    timeout: Infinity,
    timer: undefined,
  };
  return scope._draining;
}

/** Why a scope drains: for itself or a scope around it, shields included. A cancelled scope drains too. As it is known now. */
export function drainReasonOf(scope: ScopeCore): unknown {
  for (let at: ScopeCore | undefined = scope; at; at = at._parent ?? at._options?.parent) {
    const reason = at._draining?.reason ?? at._reason;
    if (reason !== undefined) return reason;
  }
  return undefined;
}

/** The same, by the clock too. */
export function drainReasonByClock(scope: ScopeCore): unknown {
  // One look serves all up to a shield, and draining goes on beyond it.
  let isLookedAt = false;
  for (let at: ScopeCore | undefined = scope; at; at = at._parent ?? at._options?.parent) {
    if (!isLookedAt && at.reason !== undefined) break;
    isLookedAt = !at._shield;
  }
  return drainReasonOf(scope);
}

/** Marks it and everything below, and cancels it once the time is over. */
export function drain(scope: ScopeCore, options: DrainOptions | undefined): void {
  if (scope._state === 'ended' || scope.reason !== undefined) return;
  const known = drainReasonOf(scope);
  const draining = drainingOf(scope);
  draining.reason ??= known ?? options?.reason ?? new DOMException('draining', 'AbortError');
  if (known === undefined) tell(scope, draining.reason);
  draining.timeout = Math.min(draining.timeout, options?.timeout ?? Infinity);
  if (scope._state !== 'new') startTimer(scope, draining);
}

/** The scope has started: its time begins to count. */
export function startDraining(scope: ScopeCore): void {
  if (scope._draining !== undefined) startTimer(scope, scope._draining);
}

function startTimer(scope: ScopeCore, draining: Draining): void {
  const { timeout } = draining;
  draining.timeout = Infinity;
  if (timeout === Infinity || scope._reason !== undefined) return;
  const { loop, timers } = scope._runtime;
  const when = loop.now() + Math.max(timeout, 0);
  if (draining.timer !== undefined && draining.timer.when <= when) return;
  if (draining.timer !== undefined) timers.remove(draining.timer);
  const cancel = (): void => {
    scope._cancelBy('explicit', draining.reason);
  };
  draining.timer = timers.add(when, { _expire: cancel });
  if (!scope._isWaitedIn) timers.unref(draining.timer);
  if (timeout <= 0) cancel();
}

/** The signal that is aborted when the scope begins to drain. */
export function drainSignalOf(scope: ScopeCore): AbortSignal {
  const draining = drainingOf(scope);
  // What is due by the clock comes first: it aborts a signal that was made before, in its turn.
  const reason = drainReasonByClock(scope);
  if (draining.controller === undefined) {
    draining.controller = new AbortController();
    listeners += 1;
    if (reason !== undefined) draining.controller.abort(reason);
  }
  return draining.controller.signal;
}

/**
 * Calls back when the scope, or one around it, begins to drain or is cancelled: synchronously, once, in the async context of
 * this call; at once if it drains already.
 *
 * @returns disposing it takes the callback back
 */
export function onDrain(scope: ScopeCore, callback: (reason: unknown) => void): Disposable {
  const reason = drainReasonByClock(scope);
  const registration = new DrainCallback(callback, () => {
    listeners -= 1;
  });
  listeners += 1;
  if (reason !== undefined) registration._tell(reason);
  else append<Registration>(scope._nearestOpen(), registration);
  return registration;
}

/** Tells the scope and all below it that it drains: first all listeners are looked for, then foreign code runs. */
export function tell(origin: ScopeCore, reason: unknown): void {
  if (listeners === 0) return;
  const controllers: AbortController[] = [];
  const callbacks: Registration[] = [];
  const trail: ScopeCore[] = [origin];
  for (let scope = trail.pop(); scope !== undefined; scope = trail.pop()) {
    const controller = scope._draining?.controller;
    if (controller !== undefined) controllers.push(controller);
    for (let below = scope._first; below !== undefined; below = below._next) {
      if (isScope(below)) trail.push(below);
      // Not by its class, which a bundle without `onDraining` need not have.
      else if (below._tell !== undefined) callbacks.push(below);
    }
  }
  // Sources end first: code that listens to a signal finds them ended.
  for (const callback of callbacks) callback._tell?.(reason);
  for (const controller of controllers) {
    callSafely(() => {
      controller.abort(reason);
    }, undefined);
  }
}

function isScope(registration: Registration): registration is ScopeCore {
  return registration instanceof ScopeNode;
}

/** The scope has ended. */
export function endDraining(scope: ScopeCore): void {
  if (scope._draining?.controller !== undefined) listeners -= 1;
}
