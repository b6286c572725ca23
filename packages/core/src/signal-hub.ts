import { append, remove } from './internal/linked-list.ts';
import type { Host, Link } from './internal/linked-list.ts';
import { callSafely } from './internal/report-later.ts';

/** Who wants to know when a foreign signal aborts. */
export interface Adopter {
  _aborted(signal: AbortSignal): void;
}

/** One adopter's interest in one signal. */
export class Adoption implements Link<Adoption> {
  _previous: Adoption | undefined;
  _next: Adoption | undefined;
  _host: Host<Adoption> | undefined;
  // Strong: a derived signal that nobody else holds must not be collected with the abort in it.
  readonly #hub: Hub;
  readonly adopter: Adopter;

  constructor(hub: Hub, adopter: Adopter) {
    this.#hub = hub;
    this.adopter = adopter;
  }

  release(): void {
    if (remove<Adoption>(this)) this.#hub.lost();
  }
}

/** The one listener on a foreign signal, there while anybody has adopted the signal. */
class Hub implements Host<Adoption> {
  _first: Adoption | undefined;
  _last: Adoption | undefined;
  readonly #signal: AbortSignal;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    signal.addEventListener('abort', this.#listener);
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
    return adoption;
  }

  lost(): void {
    adoptions -= 1;
    if (this._first !== undefined) return;
    this.#signal.removeEventListener('abort', this.#listener);
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
