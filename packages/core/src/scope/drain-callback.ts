import { ambient } from '../loop/ambient.ts';
import type { Registration } from './propagation.ts';
import { append, remove } from '../internal/linked-list.ts';
import type { Host } from '../internal/linked-list.ts';
import { callSafely } from '../internal/report-later.ts';

/** A callback for the draining of the scope that it hangs on, and of those around it. Called once. */
export class DrainCallback implements Registration, Disposable {
  _previous: Registration | undefined;
  _next: Registration | undefined;
  _host: Host<Registration> | undefined;
  readonly #callback: (reason: unknown) => void;
  readonly #onEnd: () => void;
  readonly #restore = ambient.snapshot();
  #isOver = false;

  /** `onEnd` is called once, when it was called or taken back. */
  constructor(callback: (reason: unknown) => void, onEnd: () => void) {
    this.#callback = callback;
    this.#onEnd = onEnd;
  }

  /** A cancellation is told as a draining, beyond shields too: not by the wave. */
  _reach(): undefined {
    return undefined;
  }

  _outlive(host: Host<Registration>): void {
    remove<Registration>(this);
    append<Registration>(host, this);
  }

  _tell(reason: unknown): void {
    if (this.#isOver) return;
    this[Symbol.dispose]();
    this.#restore(() => {
      callSafely(this.#callback, reason);
    });
  }

  [Symbol.dispose](): void {
    if (this.#isOver) return;
    this.#isOver = true;
    remove<Registration>(this);
    this.#onEnd();
  }
}
