import type { CancelledError } from '../scope/cancelled-error.ts';
import type { CancelScope } from '../scope/cancel-scope.ts';
import type { Registration, Wave } from '../scope/propagation.ts';
import { append, remove } from '../internal/linked-list.ts';
import type { Host } from '../internal/linked-list.ts';
import { markHandled } from '../internal/mark-handled.ts';
import type { Waiter } from './waiter.ts';

/**
 * Ends a shielded wait once a time limit around it is over, and for no other cancellation: to wait until
 * cleanup is over is part of the caller's own cleanup. Hangs on the innermost scope around the wait that
 * is not cancelled, and moves outwards when that one is.
 */
export class Patience implements Registration {
  _previous: Registration | undefined;
  _next: Registration | undefined;
  _host: Host<Registration> | undefined;
  readonly #waiter: Waiter<void>;
  readonly #scope: CancelScope;

  constructor(scope: CancelScope, waiter: Waiter<void>) {
    this.#scope = scope;
    this.#waiter = waiter;
    this.#hang();
  }

  /** The wait is over. */
  leave(): void {
    remove<Registration>(this);
  }

  _reach(wave: Wave): undefined {
    wave.abandon(this);
  }

  _outlive(host: Host<Registration>): void {
    remove<Registration>(this);
    append<Registration>(host, this);
  }

  _abandon(reason: CancelledError): void {
    this.leave();
    if (this.#waiter.isSettled) return;
    if (reason.source !== 'deadline') {
      this.#hang();
      return;
    }
    markHandled(this.#waiter.promise);
    this.#waiter.fail(reason);
  }

  #hang(): void {
    let scope: CancelScope | undefined = this.#scope._nearestOpen();
    while (scope?.reason !== undefined) scope = scope._shield ? undefined : scope._parent;
    if (scope !== undefined) append<Registration>(scope._nearestOpen(), this);
  }
}
