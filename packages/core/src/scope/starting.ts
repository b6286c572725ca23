import type { Runtime } from '../loop/runtime.ts';
import type { CancelledError } from './cancelled-error.ts';
import type { Frame } from './frame.ts';
import type { ScopeCore } from './scope-core.ts';

/** Starts a scope and those that were given as parents, the outermost first: a scope hangs on one that has started. */
export function startAll(innermost: ScopeCore, here: Frame): void {
  const line: ScopeCore[] = [innermost];
  for (let above = innermost._options?.parent; above?._state === 'new';) {
    line.push(above);
    above = above._options?.parent;
  }
  for (const scope of line.reverse()) {
    scope._awaitsEntry = true;
    scope._start(here);
  }
}

/** The run whose clock holds for a scope that has not started. */
export function runtimeOf(scope: ScopeCore, here: Frame): Runtime {
  for (let at: ScopeCore | undefined = scope; at !== undefined; at = at._options?.parent) {
    if (at._state !== 'new') return at._runtime;
  }
  return here._scope._nearestOpen()._runtime;
}

/** Why a scope that has not started is cancelled: by itself, or by what it is to hang on. */
export function reasonBeforeStart(scope: ScopeCore): CancelledError | undefined {
  // Not by recursion: there may be many above that have not started.
  for (let at: ScopeCore | undefined = scope; at !== undefined; at = at._options?.parent) {
    if (at._state !== 'new') return at._reasonByClock();
    at._look();
    if (at._reason !== undefined || at._shield) return at._reason;
  }
  return undefined;
}
