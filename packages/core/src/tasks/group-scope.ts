import { AnyScope } from '../scope/any-scope.ts';
import type { CancelledError } from '../scope/cancelled-error.ts';
import type { GroupRef } from '../scope/heir.ts';
import type { ScopeOptions } from '../scope/scope-options.ts';

/** The scope of a group. Has a place in itself for what other scopes rarely have. */
export class GroupScope extends AnyScope {
  override _owner: GroupRef | undefined = undefined;
  override _group: GroupRef | undefined = undefined;
  override _options: ScopeOptions | undefined = undefined;

  constructor(options: ScopeOptions | undefined) {
    super();
    if (options !== undefined) this._configure(options);
  }

  override _isHeard(): boolean {
    return true;
  }

  override _notify(reason: CancelledError): void {
    this._owner?._windDown();
    super._notify(reason);
  }
}
