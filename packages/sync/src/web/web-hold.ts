import { LockStolenError } from './errors.ts';

/** One hold of a {@link WebLock}. Disposing it gives the lock back, in a turn of the platform's; the second time does nothing. @beta */
export interface WebGuard extends Disposable {
  /** Aborted, with a LockStolenError, when other code has stolen the lock. */
  readonly lost: AbortSignal;
}

export class WebHold implements WebGuard {
  readonly #name: string;
  readonly #loss = new AbortController();
  #isOver = false;
  #release: (() => void) | undefined;

  constructor(name: string) {
    this.#name = name;
  }

  get lost(): AbortSignal {
    return this.#loss.signal;
  }

  /** What the platform waits for while the lock is held. It asks for it in a turn of its own. */
  readonly end: PromiseLike<void> = {
    then: ((resolve: () => void) => {
      if (this.#isOver) resolve();
      else this.#release = resolve;
    }) as PromiseLike<void>['then'],
  };

  /** The platform's request has failed, although the lock was granted. */
  lose(cause: unknown): void {
    if (!this.#isOver) this.#loss.abort(new LockStolenError(this.#name, { cause }));
    this.#isOver = true;
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    this.#release?.();
    this.#release = undefined;
  }
}
