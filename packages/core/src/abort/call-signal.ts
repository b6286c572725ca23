import type { CancelledError } from '../scope/cancelled-error.ts';
import type { CancelScope } from '../scope/cancel-scope.ts';
import type { Registration, Wave } from '../scope/propagation.ts';
import { append, remove } from '../internal/linked-list.ts';
import type { Host } from '../internal/linked-list.ts';
import { adopt } from '../scope/signal-subscription.ts';
import type { Adopter, Adoption } from '../scope/signal-subscription.ts';

/**
 * An `AbortSignal` for one call: aborted with the scope's CancelledError, or with the reason of a signal
 * that was given, whichever comes first. It hangs on the scope as a wait does, and so is still reached
 * when the scope has ended before the call; the scope's own signal is not.
 */
export class CallSignal implements Registration, Adopter {
  _previous: Registration | undefined;
  _next: Registration | undefined;
  _host: Host<Registration> | undefined;
  readonly #controller = new AbortController();
  #adoption: Adoption | undefined;
  readonly _isWaitedIn: boolean = true;

  /** Neither the scope is cancelled nor the signal aborted. */
  constructor(scope: CancelScope, given: AbortSignal | undefined) {
    append<Registration>(scope._nearestOpen(), this);
    if (given !== undefined) this.#adoption = adopt(given, this);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  _reach(wave: Wave): undefined {
    remove<Registration>(this);
    wave.notify(this);
  }

  /** Its scope has ended before the call: the scope around it holds from now on. */
  _outlive(host: Host<Registration>): void {
    remove<Registration>(this);
    append<Registration>(host, this);
  }

  _notify(reason: CancelledError): void {
    this.#abort(reason);
  }

  _aborted(given: AbortSignal): void {
    this.#abort(given.reason);
  }

  #abort(reason: unknown): void {
    this.release();
    this.#controller.abort(reason);
  }

  /** Leaves scope and signal. */
  release(): void {
    remove<Registration>(this);
    this.#adoption?.release();
    this.#adoption = undefined;
  }
}
