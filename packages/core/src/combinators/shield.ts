import { AnyScope } from '../scope/any-scope.ts';
import type { CancelScope } from '../scope/cancel-scope.ts';
import { currentRuntime, currentScope } from '../scope/current-scope.ts';
import { checkFunction, checkTime } from '../internal/check.ts';
import { checkCall } from '../waiting/call-options.ts';
import type { SignalOptions } from '../internal/signal-options.ts';
import { underSignal } from '../waiting/under-signal.ts';
import { TimeLimit } from './time-limit.ts';

/** Options for {@link shield}. */
export interface ShieldOptions extends SignalOptions {
  /** Milliseconds until the body is cut short anyway, with a TimeoutError. Default: no limit. */
  readonly timeout?: number | undefined;
  /** Milliseconds that the body may go on once a cancellation has arrived outside. Default: no limit. */
  readonly grace?: number | undefined;
}

/**
 * Runs a body that cancellations from outside do not reach: cleanup that has to wait, for example. The first
 * checkpoint after it throws. Give it a `timeout` or a `grace`, or it can hold everything up.
 *
 * @param body - called at once, also in a cancelled scope
 * @param options - `timeout`: milliseconds for all of it; `grace`: milliseconds from the cancellation outside, or from the
 *   call if that came before; `signal`: cancels the body
 * @returns the body's value
 * @throws (rejects) what the body throws; TimeoutError; the cancellation from outside, once the body has cleaned up
 *   past its grace; `signal.reason`
 * @example
 * try {
 *   await work(connection);
 * } finally {
 *   await shield(() => connection.quit(), { timeout: 1000 });
 * }
 */
export async function shield<T>(
  body: () => T | PromiseLike<T>,
  options?: ShieldOptions,
): Promise<T> {
  checkFunction('shield', 'body', body);
  checkCall('shield', options);
  const { timeout = Infinity, grace = Infinity, signal } = options ?? {};
  checkTime('shield', 'timeout', timeout);
  checkTime('shield', 'grace', grace);
  const work = (): Promise<T> => underSignal(signal, async () => body());
  const inner = signal === undefined ? body : work;
  const outer = currentScope();
  const gracious = grace === Infinity ? inner : () => withGrace(outer, grace, inner);
  const limit = new TimeLimit(Math.max(timeout, 0));
  limit._shield = true;
  return limit._enter<T, never>(gracious);
}

/** In a shield: comes to an end some time after the scope outside of that was cancelled. */
class GraceScope extends AnyScope {
  readonly #outer: CancelScope;

  constructor(outer: CancelScope) {
    super({ name: 'grace' });
    this.#outer = outer;
  }

  override _absorbed(): never {
    throw (this.#outer.reason ?? this._own) as Error;
  }
}

async function withGrace<T>(
  outer: CancelScope,
  grace: number,
  body: () => T | PromiseLike<T>,
): Promise<T> {
  const scope = new GraceScope(outer);
  const { loop } = currentRuntime();
  const registration = outer.onCancel(() => {
    scope.deadline = loop.now() + Math.max(grace, 0);
  });
  try {
    return await scope._enter<T, never>(body);
  } finally {
    registration[Symbol.dispose]();
  }
}
