import { ignoreAbort, listenToAbort } from '#platform';
import { append, remove } from '../internal/linked-list.ts';
import type { Host, Link } from '../internal/linked-list.ts';
import { callSafely } from '../internal/report-later.ts';

/** What wants to know when a foreign signal aborts. */
export interface Adopter {
  /** @internal Whether it is a wait, or has some in it: then what aborts the signal is waited for. */
  readonly _isWaitedIn?: boolean;
  _aborted(signal: AbortSignal): void;
}

/** What aborts a signal by a timer that keeps the process alive only while it is waited for. */
export interface SignalOwner {
  _hold(): void;
  _letGo(): void;
}

const owners = new WeakMap<AbortSignal, SignalOwner>();

/** From here on, waits that are given the signal count as waits for its owner. */
export function ownSignal(signal: AbortSignal, owner: SignalOwner): void {
  owners.set(signal, owner);
}

/** One adopter's interest in one signal. */
export class Adoption implements Link<Adoption> {
  _previous: Adoption | undefined;
  _next: Adoption | undefined;
  _host: Host<Adoption> | undefined;
  // Strong: a derived signal that no other code holds must not be collected with the abort in it.
  readonly #hub: Hub;
  readonly adopter: Adopter;
  #holds = false;

  constructor(hub: Hub, adopter: Adopter) {
    this.#hub = hub;
    this.adopter = adopter;
  }

  /** Whether code waits in the adopter may have changed. */
  noteWaits(): void {
    const { owner } = this.#hub;
    const holds = this._host !== undefined && this.adopter._isWaitedIn === true;
    if (owner === undefined || holds === this.#holds) return;
    this.#holds = holds;
    if (holds) owner._hold();
    else owner._letGo();
  }

  release(): void {
    if (!remove<Adoption>(this)) return;
    this.noteWaits();
    this.#hub.lost();
  }
}

/** The one listener on a foreign signal, there while the signal is adopted. */
class Hub implements Host<Adoption> {
  _first: Adoption | undefined;
  readonly #signal: AbortSignal;
  readonly owner: SignalOwner | undefined;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    this.owner = owners.get(signal);
    listenToAbort(signal, this.#listener);
  }

  readonly #listener = (): void => {
    for (let first = this._first; first !== undefined; first = this._first) {
      const { adopter } = first;
      first.release();
      callSafely((signal) => {
        adopter._aborted(signal);
      }, this.#signal);
    }
  };

  add(adopter: Adopter): Adoption {
    const adoption = new Adoption(this, adopter);
    append(this, adoption);
    adoptions += 1;
    adoption.noteWaits();
    return adoption;
  }

  lost(): void {
    adoptions -= 1;
    if (this._first !== undefined) return;
    ignoreAbort(this.#signal, this.#listener);
    hubs.delete(this.#signal);
  }
}

const hubs = new WeakMap<AbortSignal, Hub>();
let adoptions = 0;

/** How many adoptions there are, for leak checks. */
export function adoptionCount(): number {
  return adoptions;
}

/**
 * Tells the adopter when a signal, not aborted yet, aborts. All adopters of one signal share one
 * listener on it, so that a thousand of them give no MaxListeners warning and leave nothing behind.
 */
export function adopt(signal: AbortSignal, adopter: Adopter): Adoption {
  let hub = hubs.get(signal);
  if (hub === undefined) {
    hub = new Hub(signal);
    hubs.set(signal, hub);
  }
  return hub.add(adopter);
}
