/*
 * How a cancellation moves through the tree: one wave, three phases.
 *
 * The naive way is to walk down and, at each scope, mark it, reject its waits, and abort its signal. It is wrong, because rejecting
 * and aborting run foreign code while half of the tree does not know yet that it is cancelled:
 *
 * - An undo function gives a permit back, and the lock hands it to a waiter that the walk reaches one step later. The
 *   permit goes to a caller that will not use it (I4).
 * - An abort listener spawns into a sibling, or reads `scope.reason` and finds it unset, depending on the order of the list.
 * - A callback throws, and the rest of the tree is never reached.
 *
 * So the phases are separated, and foreign code runs only when the whole tree knows:
 *
 * 1. Mark. Every scope below gets the reason, every waiter is taken (I2). No foreign code runs, and nothing here can
 *    throw. After this phase the cancellation has happened.
 * 2. Abandon. Each taken waiter calls its undo and rejects. An undo may wake only waiters outside of the tree, since those
 *    inside are taken. An error of an undo is reported and stops nothing.
 * 3. Notify. `onCancel` callbacks are called and signals aborted, in the order in which they were reached: outer scopes
 *    first. They see a tree that is cancelled throughout, and waits that are settled.
 *
 * All of it happens inside of `cancel()`, synchronously; user code continues in later microtasks. The wave does not enter shields,
 * nor scopes that an earlier wave has reached: their waiters are taken or belong to cleanup that was shielded on purpose.
 * A cancellation inside of a callback is a wave of its own, and finds the tree in a consistent state.
 */
import { keepShape } from '../internal/keep-shapes.ts';
import { callSafely, reportLater } from '../internal/report-later.ts';
import type { Host, Link } from '../internal/linked-list.ts';
import type { CancelledError } from './cancelled-error.ts';

/** What hangs on a scope and is reached when the scope is cancelled: a scope, a waiter, a callback. */
export interface Registration extends Link<Registration> {
  /**
   * @internal
   * Takes note, without running any foreign code, and puts itself down in the wave for what it has
   * to do later. Returns what hangs below it, to be reached next.
   */
  _reach(wave: Wave): Host<Registration> | undefined;
  /** @internal What it hangs on has ended: goes over to the host around that, or away. */
  _outlive(host: Host<Registration>): void;
  /** @internal A callback for the draining of the scope: is told of it. */
  _tell?(reason: unknown): void;
}

/**
 * One cancellation on its way down the tree, in three phases. First every scope is marked and every
 * waiter claimed, then the claimed waiters are undone and rejected, then callbacks and signals are
 * told. In any other order an undo could wake a waiter that is about to be cancelled, or a callback
 * could see a tree that is cancelled in part. Iterative, so that depth costs no stack.
 */
export class Wave {
  static {
    keepShape(this, new Wave(undefined as never));
  }

  readonly reason: CancelledError;
  readonly #abandoned: { _abandon(reason: CancelledError): void }[] = [];
  readonly #notified: { _notify(reason: CancelledError): void }[] = [];

  constructor(reason: CancelledError) {
    this.reason = reason;
  }

  /** In the second phase. */
  abandon(waiter: { _abandon(reason: CancelledError): void }): void {
    this.#abandoned.push(waiter);
  }

  /** In the third phase. */
  notify(listener: { _notify(reason: CancelledError): void }): void {
    this.#notified.push(listener);
  }

  travel(origin: Host<Registration>): void {
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

  #mark(origin: Host<Registration>): void {
    const trail: (Registration | undefined)[] = [];
    let here = origin._first;
    for (;;) {
      if (here === undefined) {
        if (trail.length === 0) return;
        here = trail.pop();
        continue;
      }
      const following: Registration | undefined = here._next;
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
