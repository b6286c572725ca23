import type { CancelledError } from '../scope/cancelled-error.ts';
import type { CancelScope } from '../scope/cancel-scope.ts';
import type { Registration, Wave } from '../scope/propagation.ts';
import { append, remove } from '../internal/linked-list.ts';
import type { Host } from '../internal/linked-list.ts';
import { markHandled } from '../internal/mark-handled.ts';
import type { Waiter } from './waiter.ts';

/**
 * Ends a shielded wait once a time limit around it is over, and for no other cancellation: to wait until
 * cleanup is over is part of the caller's own cleanup. Hangs on every scope around the wait whose time can still come: on
 * those that are cancelled from outside, and on the innermost one that is not cancelled, through which those around it are
 * heard. Moves outwards when that one is.
 */
export class Patience {
  readonly #waiter: Waiter<void>;
  readonly #scope: CancelScope;
  #places: Place[] = [];

  constructor(scope: CancelScope, waiter: Waiter<void>) {
    this.#scope = scope;
    this.#waiter = waiter;
    this.#hang();
  }

  /** The wait is over. */
  leave(): void {
    for (const place of this.#places) remove<Registration>(place);
    this.#places = [];
  }

  /** A scope that it hangs on was cancelled. */
  heard(reason: CancelledError): void {
    this.leave();
    if (this.#waiter.isSettled) return;
    if (reason.source !== 'deadline') {
      this.#hang();
      return;
    }
    markHandled(this.#waiter.promise);
    if (this.#waiter.fail(reason)) this.#waiter._undo();
  }

  #hang(): void {
    let scope: CancelScope | undefined = this.#scope._nearestOpen();
    while (scope !== undefined) {
      const isLast: boolean = scope.reason === undefined || scope._shield;
      if (scope._own === undefined) this.#places.push(new Place(this, scope._nearestOpen()));
      scope = isLast ? undefined : scope._parent;
    }
  }
}

class Place implements Registration {
  _previous: Registration | undefined;
  _next: Registration | undefined;
  _host: Host<Registration> | undefined;
  readonly #patience: Patience;

  constructor(patience: Patience, scope: CancelScope) {
    this.#patience = patience;
    append<Registration>(scope, this);
  }

  _reach(wave: Wave): undefined {
    wave.abandon(this);
  }

  _outlive(host: Host<Registration>): void {
    remove<Registration>(this);
    append<Registration>(host, this);
  }

  _abandon(reason: CancelledError): void {
    this.#patience.heard(reason);
  }
}
