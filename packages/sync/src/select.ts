import { enter, park } from '@ambit/core/lowlevel';
import type { Waker } from '@ambit/core/lowlevel';
import { show } from './check.ts';
import type { Taken } from './feed.ts';
import { refused } from './refused.ts';
import { after, event, receive, send, task } from './select-clauses.ts';
import type { Clause } from './select-clauses.ts';
import { taken } from './taken.ts';

/** Which clause fired, by its position, and with what. */
export type Selected<C extends readonly Clause<unknown>[]> = {
  [I in keyof C]: {
    readonly index: I extends `${infer N extends number}` ? N : number;
    readonly value: C[I] extends Clause<infer T> ? T : never;
  };
}[number];

/** Waits for one of several things; see its call, and the makers of its clauses. */
export interface Select {
  /**
   * Waits until one of several things happens. Exactly one clause fires: of those that are ready at
   * once the first by position, else the first to become ready. The others leave no waiter behind, lose
   * no item, send none. A checkpoint.
   *
   * @param clauses - at least one; made by `select.receive`, `select.send`, `select.task`,
   *   `select.after`, `select.event`
   * @returns `index`: the position of the clause; `value`: the item received, or the task's value
   * @throws (rejects) TypeError if there is no clause; EndOfChannelError, BrokenChannelError, ClosedError
   *   or the error of a failed task, from the first clause whose turn it is; the ambient scope's
   *   CancelledError
   * @example
   * const { index, value } = await select(select.receive(jobs), select.after(1000));
   * if (index === 0) await handle(value);
   */
  <const C extends readonly Clause<unknown>[]>(...clauses: C): Promise<Selected<C>>;
  /** Fires when the channel gives an item, and takes it. */
  readonly receive: typeof receive;
  /** Fires when the channel accepts the item, and sends it. */
  readonly send: typeof send;
  /** Fires when the task (or future) has a value; rejects the select when it fails or is cancelled. */
  readonly task: typeof task;
  /** Fires after so many milliseconds, counted from the select. */
  readonly after: typeof after;
  /** Fires when the event is set. */
  readonly event: typeof event;
}

type Winner = { readonly index: number; readonly value: unknown };

function selectFrom(...clauses: readonly Clause<unknown>[]): Promise<Winner> {
  try {
    checkClauses(clauses);
    enter();
    const winner = firstReady(clauses);
    if (winner !== undefined) return taken(winner);
  } catch (error) {
    return refused(error);
  }
  const name = `select of ${clauses.map((clause) => clause.label).join(', ')}`;
  return park<Winner>((waker) => enlistAll(waker, clauses), { name });
}

function firstReady(clauses: readonly Clause<unknown>[]): Winner | undefined {
  for (const [index, clause] of clauses.entries()) {
    const ready: Taken<unknown> | undefined = clause.poll();
    if (ready !== undefined) return { index, value: ready.value };
  }
  return undefined;
}

/** Waits in all lines at once; who is called in one leaves the others in the same moment. */
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
