import { callSafely, reportLater } from './internal/report-later.ts';
import type { Host, Link } from './internal/linked-list.ts';

/** What hangs on a scope and is reached when the scope is cancelled: a scope, a waiter, a callback. */
export interface Registration<R> extends Link<Registration<R>> {
  /**
   * @internal
   * Takes note, without running any foreign code, and puts itself down in the wave for what it has
   * to do later. Returns what hangs below it, to be reached next.
   */
  _reach(wave: Wave<R>): Host<Registration<R>> | undefined;
  /** @internal What it hangs on has ended: goes over to the host around that, or away. */
  _outlive(host: Host<Registration<R>>): void;
}

/**
 * One cancellation on its way down the tree, in three phases. First every scope is marked and every
 * waiter claimed, then the claimed waiters are undone and rejected, then callbacks and signals are
 * told. In any other order an undo could wake a waiter that is about to be cancelled, or a callback
 * could see a tree that is cancelled in part. Iterative, so that depth costs no stack.
 */
export class Wave<R> {
  /** One that stays, as that of Waiter. */
  static readonly _sample: Wave<undefined> = new Wave(undefined);

  readonly reason: R;
  readonly #abandoned: { _abandon(reason: R): void }[] = [];
  readonly #notified: { _notify(reason: R): void }[] = [];

  constructor(reason: R) {
    this.reason = reason;
  }

  /** In the second phase. */
  abandon(waiter: { _abandon(reason: R): void }): void {
    this.#abandoned.push(waiter);
  }

  /** In the third phase. */
  notify(listener: { _notify(reason: R): void }): void {
    this.#notified.push(listener);
  }

  travel(origin: Host<Registration<R>>): void {
    this.#mark(origin);
    for (const waiter of this.#abandoned) {
      try {
        waiter._abandon(this.reason);
      } catch (error) {
        reportLater(error);
      }
    }
    for (const listener of this.#notified) {
      callSafely((reason) => {
        listener._notify(reason);
      }, this.reason);
    }
  }

  #mark(origin: Host<Registration<R>>): void {
    const trail: (Registration<R> | undefined)[] = [];
    let here = origin._first;
    for (;;) {
      if (here === undefined) {
        if (trail.length === 0) return;
        here = trail.pop();
        continue;
      }
      const following: Registration<R> | undefined = here._next;
      const below = here._reach(this);
      if (below?._first === undefined) {
        here = following;
        continue;
      }
      trail.push(following);
      here = below._first;
    }
  }
}
