import { currentFrame } from '../scope/any-scope.ts';
import type { CancelledError } from '../scope/cancelled-error.ts';
import type { CancelScope } from '../scope/cancel-scope.ts';
import type { SignalOptions } from '../internal/signal-options.ts';
import { InvalidStateError } from '../internal/errors.ts';
import type { Handle } from '../loop/event-loop.ts';
import { parkIn } from '../waiting/park.ts';
import type { Waiter } from '../waiting/waiter.ts';
import { helper } from '../tasks/run-group.ts';
import type { TaskGroup } from '../tasks/task-group.ts';
import type { TaskFunction } from '../tasks/task.ts';

export interface UpstreamOptions extends SignalOptions {
  /** Instead of closing the group, if it was never opened. */
  readonly closeUnopened?: () => Promise<void>;
}

/**
 * Everything that works for one iterator: a group, opened when the first task is spawned, in the scope of
 * the code that asks for the first item, and closed once; and the way to wait until something has changed in it.
 */
export class Upstream {
  readonly name: string;
  readonly signal: AbortSignal | undefined;
  readonly #closeUnopened: (() => Promise<void>) | undefined;
  #group: TaskGroup | undefined;
  #waiter: Waiter<void> | undefined;
  #disarm: (() => void) | undefined;
  #closing: Promise<void> | undefined;

  constructor(name: string, options?: UpstreamOptions) {
    this.name = name;
    this.signal = options?.signal;
    this.#closeUnopened = options?.closeUnopened;
  }

  get isClosed(): boolean {
    return this.#closing !== undefined;
  }

  /** Why it works no more: something in it has failed, or it was cancelled with the scope around it. */
  get reason(): CancelledError | undefined {
    return this.#group?.scope.reason;
  }

  get isOver(): boolean {
    return this.isClosed || this.reason !== undefined;
  }

  /** Starts a task. Its failure cancels the others, and comes out of `close()`. */
  spawn(fn: TaskFunction<unknown>, name: string): void {
    this.#group ??= helper({ name: this.name, signal: this.signal });
    const task = this.#group.spawn(fn, { name });
    if (task.done) this.tell();
    else task._listen(() => this.tell());
  }

  /** Wakes the call that waits for a change. */
  tell(): void {
    const waiter = this.#waiter;
    this.#disarm?.();
    this.#waiter = this.#disarm = undefined;
    waiter?.wake();
  }

  /** Waits, one caller at a time, until it is told of a change, or until an instant. A checkpoint. */
  change(scope: CancelScope, until: number): Promise<void> {
    return parkIn<void>(
      scope,
      (waiter) => {
        this.#waiter = waiter;
        if (until === Infinity) return undefined;
        waiter._until = until;
        this.#disarm = arm(scope, waiter, until);
        return this.#disarm;
      },
      { name: this.name, signal: this.signal },
    );
  }

  /**
   * Cancels everything and waits until it has ended; nothing cancels this wait. Throws, to the first caller,
   * what has failed in it.
   */
  close(): Promise<void> {
    if (this.#isWithin()) return Promise.reject(this.#selfWait());
    if (this.#closing !== undefined) return this.#closing.catch(() => undefined);
    this.#closing = this.#close();
    this.tell();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const group = this.#group;
    if (group === undefined) return this.#closeUnopened?.();
    await group.stop();
    await group[Symbol.asyncDispose]();
  }

  /** Whether the caller is one of its own tasks, or something that such a task waits for. */
  #isWithin(): boolean {
    let scope: CancelScope | undefined = currentFrame()._scope;
    while (scope !== undefined && scope !== this.#group?.scope) scope = scope._parent;
    return scope !== undefined;
  }

  #selfWait(): InvalidStateError {
    return new InvalidStateError(
      `${this.name}: closed from inside, it would wait for itself forever; leave the loop instead`,
    );
  }
}

/** Wakes it at an instant; one turn later, for what comes in the same tick has still to arrive. */
function arm(scope: CancelScope, waiter: Waiter<void>, until: number): () => void {
  const { loop, timers } = scope._nearestOpen()._runtime;
  let turn: Handle | undefined;
  const timer = timers.add(until, {
    _expire: () => {
      turn = loop.callNext(() => waiter.wake());
    },
  });
  return () => {
    timers.remove(timer);
    turn?.cancel();
  };
}
