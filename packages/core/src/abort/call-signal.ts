import type { CancelledError, CancelScope, ScopeRegistration } from '../cancel-scope.ts';
import type { Wave } from '../cancel-wave.ts';
import { append, remove } from '../internal/linked-list.ts';
import type { Host } from '../internal/linked-list.ts';
import { adopt } from '../signal-hub.ts';
import type { Adopter, Adoption } from '../signal-hub.ts';

/**
 * An `AbortSignal` for one call: aborted with the scope's CancelledError, or with the reason of a signal
 * that was given, whichever comes first. It hangs on the scope as a wait does, and so is still reached
 * when the scope has ended before the call; the scope's own signal is not.
 */
export class CallSignal implements ScopeRegistration, Adopter {
  _previous: ScopeRegistration | undefined;
  _next: ScopeRegistration | undefined;
  _host: Host<ScopeRegistration> | undefined;
  readonly #controller = new AbortController();
  #adoption: Adoption | undefined;

  /** Neither the scope is cancelled nor the signal aborted. */
  constructor(scope: CancelScope, given: AbortSignal | undefined) {
    append<ScopeRegistration>(scope._nearestOpen(), this);
    if (given !== undefined) this.#adoption = adopt(given, this);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  _reach(wave: Wave<CancelledError>): undefined {
    remove<ScopeRegistration>(this);
    wave.notify(this);
  }

  /** Its scope has ended before the call: the scope around it holds from now on. */
  _outlive(host: Host<ScopeRegistration>): void {
    remove<ScopeRegistration>(this);
    append<ScopeRegistration>(host, this);
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
    remove<ScopeRegistration>(this);
    this.#adoption?.release();
    this.#adoption = undefined;
  }
}
