import type { Future, Task } from '@ambit/core';
import { park, ready, refused, show, splitOptions, throwIfCancelled } from '@ambit/core/lowlevel';
import type { SignalOptions, Waker } from '@ambit/core/lowlevel';
import type { Ready } from '../internal/item-source.ts';
import { after, event, receive, send, task } from './select-clauses.ts';
import type { Clause } from './select-clauses.ts';
import type { Event } from '../signals/event.ts';
import type { ReceiveChannel } from './receive-channel.ts';
import type { SendChannel } from './send-channel.ts';

/** The clause that fired, by its position, and its value. */
export type Selected<C extends readonly Clause<unknown>[]> = {
  [I in keyof C]: {
    readonly index: I extends `${infer N extends number}` ? N : number;
    readonly value: C[I] extends Clause<infer T> ? T : never;
  };
}[number];

/** The function {@link select}, with the functions that make its clauses. */
export interface Select {
  /**
   * Waits until one of several things happens. Exactly one clause fires: the first by position of those
   * that are ready at once, else the first to become ready. The other clauses leave no waiter behind,
   * lose no item and send none. A checkpoint.
   *
   * @param clauses - at least one; made by `select.receive`, `select.send`, `select.task`,
   *   `select.after`, `select.event`. Options may come after them
   * @returns `index`: the position of the clause; `value`: the item received, or the task's value
   * @throws (rejects) TypeError if there is no clause; EndOfChannelError, BrokenChannelError, ClosedError
   *   or the error of a failed task, from the first clause whose turn it is; the ambient scope's
   *   CancelledError
   * @example
   * const { index, value } = await select(select.receive(jobs), select.after(1000));
   * if (index === 0) await handle(value);
   */
  <const C extends readonly Clause<unknown>[]>(...clauses: C): Promise<Selected<C>>;
  /**
   * The same, with options.
   *
   * @param input - the clauses, and then `signal`: ends the wait too
   * @throws (rejects) `signal.reason`
   */
  <const C extends readonly Clause<unknown>[]>(
    ...input: [...clauses: C, options: SignalOptions]
  ): Promise<Selected<C>>;
  /**
   * Makes a clause that fires when the channel gives an item, and takes it.
   *
   * @param from - the channel
   * @returns the clause; its value is the item
   */
  receive<T>(from: ReceiveChannel<T>): Clause<T>;
  /**
   * Makes a clause that fires when the channel accepts the item, and sends it.
   *
   * @param to - the channel
   * @param item - what is sent
   * @returns the clause
   */
  send<T>(to: SendChannel<T>, item: T): Clause<void>;
  /**
   * Makes a clause that fires when the task (or future) has a value; the select rejects when it fails or is cancelled.
   *
   * @param awaited - it goes on when the select ends
   * @returns the clause; its value is the task's
   */
  task<T>(awaited: Task<T> | Future<T>): Clause<T>;
  /**
   * Makes a clause that fires after a time, counted from the select.
   *
   * @param ms - milliseconds; `Infinity`: never
   * @returns the clause
   */
  after(ms: number): Clause<void>;
  /**
   * Makes a clause that fires when the event is set.
   *
   * @param awaited - an Event of `@ambit/sync`
   * @returns the clause
   */
  event(awaited: Event): Clause<void>;
}

type Winner = { readonly index: number; readonly value: unknown };

function selectFrom(...input: readonly (Clause<unknown> | SignalOptions)[]): Promise<Winner> {
  try {
    const [clauses, options] = splitOptions<Clause<unknown>>('select', input);
    checkClauses(clauses);
    throwIfCancelled(options, 'select');
    const winner = firstReady(clauses);
    if (winner !== undefined) return ready(winner);
    const name = `select of ${clauses.map((clause) => clause.label).join(', ')}`;
    return park<Winner>((waker) => enlistAll(waker, clauses), { name, signal: options?.signal });
  } catch (error) {
    return refused(error);
  }
}

function firstReady(clauses: readonly Clause<unknown>[]): Winner | undefined {
  for (const [index, clause] of clauses.entries()) {
    const ready: Ready<unknown> | undefined = clause.poll();
    if (ready !== undefined) return { index, value: ready.value };
  }
  return undefined;
}

/** Waits in all lines at once; a waker that is called in one leaves the others at the same moment. */
function enlistAll(waker: Waker<Winner>, clauses: readonly Clause<unknown>[]): () => void {
  const leaves: (() => void)[] = [];
  const leaveAll = (): void => {
    for (const leave of leaves) leave();
  };
  for (const [index, clause] of clauses.entries()) {
    const leave = clause.enlist({
      wake: (value) => {
        if (!waker.wake({ index, value })) return false;
        leaveAll();
        return true;
      },
      fail: (error) => {
        if (!waker.fail(error)) return false;
        leaveAll();
        return true;
      },
    });
    leaves.push(leave);
  }
  return leaveAll;
}

function checkClauses(clauses: readonly unknown[]): void {
  if (clauses.length === 0) throw new TypeError('select: there is no clause; give at least one');
  for (const [index, clause] of clauses.entries()) {
    if (typeof (clause as Partial<Clause<unknown>> | null | undefined)?.poll === 'function')
      continue;
    throw new TypeError(
      `select: clause ${index} is ${show(clause)}; make it by select.receive, send, task, after or event`,
    );
  }
}

/** Waits until one of several things happens, and takes that one; see {@link Select}. */
export const select: Select = Object.assign(selectFrom as unknown as Select, {
  receive,
  send,
  task,
  after,
  event,
});
