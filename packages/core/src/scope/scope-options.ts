import type { CancelScope } from './cancel-scope.ts';
import { checkOptions, checkSignal, checkTime, show } from '../internal/check.ts';
import { checkFlag, checkText } from '../internal/check-values.ts';
import { ScopeNode } from './scope-node.ts';

/** Options for {@link CancelScope}. */
export interface ScopeOptions {
  /** Shows in messages and in the task tree. */
  readonly name?: string | undefined;
  /** Aborting it cancels the scope. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds from the start of the scope until it is cancelled; negative: 0, `Infinity`: never. */
  readonly timeout?: number | undefined;
  /** The instant at which the scope is cancelled, in milliseconds of the loop's clock. */
  readonly deadline?: number | undefined;
  /** Keeps cancellations of the scopes around it out. */
  readonly shield?: boolean | undefined;
  /** The scope it hangs on, if that is not the ambient one. */
  readonly parent?: CancelScope | undefined;
  /**
   * Milliseconds that what runs in it may take to end once it is cancelled. Past that, the call that waits for it rejects with
   * a {@link StragglersError}, and what is left belongs to the group around. Default `Infinity`: it waits for everything.
   */
  readonly grace?: number | undefined;
}

/** Checks options at a public door. */
export function checkScopeOptions(where: string, options: ScopeOptions): void {
  checkOptions(where, options);
  checkText(where, 'name', options.name);
  checkSignal(where, options.signal);
  if (options.timeout !== undefined) checkTime(where, 'timeout', options.timeout);
  if (options.deadline !== undefined) checkTime(where, 'deadline', options.deadline);
  if (options.grace !== undefined) checkTime(where, 'grace', options.grace);
  checkFlag(where, 'shield', options.shield);
  if (options.parent !== undefined && !(options.parent instanceof ScopeNode)) {
    throw new TypeError(
      `${where}: parent is ${show(options.parent)}, not a CancelScope; give the scope that it is to be in`,
    );
  }
}
