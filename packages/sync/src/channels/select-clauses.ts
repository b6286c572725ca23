import type { Future, Task } from '@ambit/core';
import { currentLoop, show, whenDone } from '@ambit/core/lowlevel';
import type { Waker } from '@ambit/core/lowlevel';
import { Event } from '../signals/event.ts';
import type { Ready } from '../internal/item-source.ts';
import { ReceiveChannel } from './receive-channel.ts';
import { SendChannel } from './send-channel.ts';

/** Something that `select` can wait for. */
export interface Clause<T> {
  /** What is waited for, in the task tree. */
  readonly label: string;
  /**
   * Does it, if that is possible at once. Throws if it never will be.
   *
   * @returns the value, in a box; undefined if it has to wait
   */
  poll(): Ready<T> | undefined;
  /**
   * Waits for its turn beside other clauses; the waker is called once it is done.
   *
   * @returns the undo
   */
  enlist(waker: Waker<T>): () => void;
}

const DONE: Ready<void> = { value: undefined };

/** See `select.receive`. */
export function receive<T>(from: ReceiveChannel<T>): Clause<T> {
  if (!(from instanceof ReceiveChannel)) throw wrong('receive', from, 'a ReceiveChannel');
  return {
    label: from._label,
    poll: () => from._poll(),
    enlist: (waker) => from._enlist(waker),
  };
}

/** See `select.send`. */
export function send<T>(to: SendChannel<T>, item: T): Clause<void> {
  if (!(to instanceof SendChannel)) throw wrong('send', to, 'a SendChannel');
  return {
    label: to._label,
    poll: () => (to.trySend(item) ? DONE : undefined),
    enlist: (waker) => to._enlist(waker, item),
  };
}

/** See `select.task`. */
export function task<T>(awaited: Task<T> | Future<T>): Clause<T> {
  if (!isOutcome(awaited)) throw wrong('task', awaited, 'a Task or a Future');
  return {
    label: 'name' in awaited ? `join ${awaited.name}` : 'future',
    poll: () => (awaited.done ? { value: awaited.result() } : undefined),
    enlist: (waker) =>
      whenDone(awaited, () => {
        tell(waker, awaited);
      }),
  };
}

function tell<T>(waker: Waker<T>, done: Task<T> | Future<T>): void {
  let value: T;
  try {
    value = done.result();
  } catch (error) {
    waker.fail(error);
    return;
  }
  waker.wake(value);
}

function isOutcome(value: unknown): boolean {
  const candidate = value as Partial<Future<unknown>> | null | undefined;
  return typeof candidate?.done === 'boolean' && typeof candidate.result === 'function';
}

/** See `select.after`. */
export function after(ms: number): Clause<void> {
  if (typeof ms !== 'number') throw wrong('after', ms, 'a number of milliseconds');
  if (Number.isNaN(ms)) {
    throw new RangeError('select.after: ms is NaN; give milliseconds (Infinity means never)');
  }
  return {
    label: `after ${ms} ms`,
    poll: () => (ms <= 0 ? DONE : undefined),
    enlist: (waker) => {
      const timer = currentLoop().callLater(ms, () => waker.wake());
      return () => timer.cancel();
    },
  };
}

/** See `select.event`. */
export function event(awaited: Event): Clause<void> {
  if (!(awaited instanceof Event)) throw wrong('event', awaited, 'an Event of @ambit/sync');
  return {
    label: awaited._label,
    poll: () => (awaited.isSet ? DONE : undefined),
    enlist: (waker) => {
      const place = awaited._lot.enlist(waker);
      return () => place.leave();
    },
  };
}

function wrong(clause: string, value: unknown, expected: string): TypeError {
  return new TypeError(`select.${clause}: ${show(value)} is not ${expected}; give ${expected}`);
}
