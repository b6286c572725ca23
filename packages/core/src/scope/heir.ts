import { reportLater } from '../internal/report-later.ts';
import type { ScopeCore } from './scope-core.ts';

/** Waits for what has outlived its grace, and hears of its failures: the group around. */
export interface Heir {
  /** @internal It has ended, and waits for nothing any more. */
  readonly _isEnded: boolean;
  /** @internal Does not end before the result is called. */
  _hold(): () => void;
  /** @internal `by`: what has failed. */
  _straggled(error: unknown, by: FailureOrigin): void;
}

/** The part of a group that its scopes know. */
export interface GroupRef extends Heir {
  /** @internal All that is in the group has been cancelled. */
  _windDown(): void;
  [Symbol.asyncDispose](): Promise<void>;
}

/** What a failure is of. */
export type FailureOrigin =
  | { readonly name: string; readonly _isObserved: boolean }
  | 'the body'
  | 'a cleanup'
  | 'onError'
  | 'a straggler';

// Outside of every group nothing waits; an error that no caller hears of is reported.
const nobody: Heir = {
  _isEnded: false,
  _hold: () => () => undefined,
  _straggled: reportLater,
};

/** The innermost group around the scope that has not ended. */
export function heirOf(scope: ScopeCore): Heir {
  for (let at = scope._parent; at !== undefined; at = at._parent) {
    const owner = at._owner;
    if (owner !== undefined && !owner._isEnded) return owner;
  }
  return nobody;
}
