import type { CancelledError } from './cancelled-error.ts';
import { ambient } from '../loop/ambient.ts';
import type { Registration, Wave } from './propagation.ts';
import { remove } from '../internal/linked-list.ts';
import type { Host } from '../internal/linked-list.ts';

/** A callback that hangs on a scope; called once, in the async context of the code that registered it. */
export class CancelCallback implements Registration, Disposable {
  _previous: Registration | undefined;
  _next: Registration | undefined;
  _host: Host<Registration> | undefined;
  readonly #callback: (reason: CancelledError) => void;
  readonly #restore = ambient.snapshot();
  #isTakenBack = false;

  constructor(callback: (reason: CancelledError) => void) {
    this.#callback = callback;
  }

  _reach(wave: Wave): undefined {
    remove<Registration>(this);
    wave.notify(this);
  }

  /** Its scope has ended, and is cancelled no more. */
  _outlive(): void {
    remove<Registration>(this);
  }

  _notify(reason: CancelledError): void {
    // A callback before this one may have taken it back, in the same cancellation.
    if (this.#isTakenBack) return;
    const callback = this.#callback;
    this.#restore(() => {
      callback(reason);
    });
  }

  [Symbol.dispose](): void {
    this.#isTakenBack = true;
    remove<Registration>(this);
  }
}
