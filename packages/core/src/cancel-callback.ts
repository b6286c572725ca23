import { ambient } from './ambient.ts';
import type { Registration, Wave } from './cancel-wave.ts';
import { remove } from './internal/linked-list.ts';
import type { Host } from './internal/linked-list.ts';

/** A callback that hangs on a scope; called once, in the async context of whoever registered it. */
export class CancelCallback<R> implements Registration<R>, Disposable {
  _previous: Registration<R> | undefined;
  _next: Registration<R> | undefined;
  _host: Host<Registration<R>> | undefined;
  readonly #callback: (reason: R) => void;
  readonly #restore = ambient.snapshot();

  constructor(callback: (reason: R) => void) {
    this.#callback = callback;
  }

  _reach(wave: Wave<R>): undefined {
    remove<Registration<R>>(this);
    wave.notify(this);
  }

  /** Its scope has ended, and is cancelled no more. */
  _outlive(): void {
    remove<Registration<R>>(this);
  }

  _notify(reason: R): void {
    this.#restore(() => {
      this.#callback(reason);
    });
  }

  [Symbol.dispose](): void {
    remove<Registration<R>>(this);
  }
}
