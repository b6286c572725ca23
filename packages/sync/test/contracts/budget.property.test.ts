/** The conservation law of a tree of budgets, searched for by random play: whatever is cancelled when. */
import { CancelScope } from '@ambit/core';
import type { TaskGroup } from '@ambit/core';
import { settle, testRun } from '@ambit/core/testing';
import { Budget, BudgetExceededError } from '@ambit/sync';
import type { Reservation } from '@ambit/sync';
import fc from 'fast-check';

const amount = fc.integer({ min: 0, max: 6 });
const which = fc.nat(20);

const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('reserve' as const), which, amount }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('try' as const), which, amount }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('settle' as const), which, amount }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('dispose' as const), which, amount }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('cancel' as const), which, amount }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('settle all' as const), which, amount }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

interface Node {
  readonly budget: Budget;
  readonly parent: Node | undefined;
  /** What was spent here and below, as the model has it. */
  spent: number;
}

interface Caller {
  readonly node: Node;
  readonly amount: number;
  readonly scope: CancelScope;
  state: 'waiting' | 'holding' | 'refused' | 'gone';
  reservation: Reservation | undefined;
}

/** root 12, its children 8 and 6, and a grandchild 5 below the first. */
function tree(): Node[] {
  const node = (budget: Budget, parent?: Node): Node => ({ budget, parent, spent: 0 });
  const root = node(new Budget(12));
  const a = node(root.budget.child(8), root);
  const b = node(root.budget.child(6), root);
  return [root, a, b, node(a.budget.child(5), a)];
}

function path(node: Node): Node[] {
  return node.parent === undefined ? [node] : [node, ...path(node.parent)];
}

class Play {
  readonly #nodes = tree();
  readonly #callers: Caller[] = [];
  readonly #group: TaskGroup;

  constructor(group: TaskGroup) {
    this.#group = group;
  }

  async take({ do: what, which: index, amount: size }: Step): Promise<void> {
    const node = this.#nodes[index % this.#nodes.length] as Node;
    const holding = this.#of('holding')[index % Math.max(this.#of('holding').length, 1)];
    const waiting = this.#of('waiting')[index % Math.max(this.#of('waiting').length, 1)];
    if (what === 'reserve') this.#reserve(node, size);
    else if (what === 'try') this.#try(node, size);
    else if (what === 'settle') this.#end(holding, (each) => this.#settle(each, size));
    else if (what === 'dispose')
      this.#end(holding, ({ reservation }) => reservation?.[Symbol.dispose]());
    else if (what === 'cancel') waiting?.scope.cancel();
    else await this.rest();
    this.#judge();
  }

  #reserve(node: Node, size: number): void {
    const caller = this.#caller(node, size);
    this.#group.spawn(async () => {
      try {
        const reservation = await caller.scope.run(() => node.budget.reserve(size));
        caller.state = reservation === undefined ? 'gone' : 'holding';
        caller.reservation = reservation;
      } catch (error) {
        if (!(error instanceof BudgetExceededError)) throw error;
        caller.state = 'refused';
      }
    });
  }

  #try(node: Node, size: number): void {
    const reservation = node.budget.tryReserve(size);
    if (reservation === undefined) return;
    Object.assign(this.#caller(node, size), { state: 'holding', reservation });
  }

  #caller(node: Node, size: number): Caller {
    const scope = new CancelScope();
    const caller: Caller = { node, amount: size, scope, state: 'waiting', reservation: undefined };
    this.#callers.push(caller);
    return caller;
  }

  #end(caller: Caller | undefined, how: (caller: Caller) => void): void {
    if (caller === undefined) return;
    caller.state = 'gone';
    how(caller);
  }

  #settle({ node, amount: size, reservation }: Caller, actual: number): void {
    for (const each of path(node)) each.spent += actual;
    const over = () =>
      path(node).some(({ budget }) => budget.spent + budget.reserved > budget.total);
    try {
      reservation?.settle(actual);
      // Law: it is an error if there was not enough, and only then.
      expect(actual > size && over()).toBe(false);
    } catch (error) {
      expect(error).toBeInstanceOf(BudgetExceededError);
      expect(actual > size && over()).toBe(true);
    }
  }

  #of(state: Caller['state']): Caller[] {
    return this.#callers.filter((caller) => caller.state === state);
  }

  #judge(): void {
    for (const node of this.#nodes) {
      const { total, spent, reserved } = node.budget;
      expect(spent).toBe(node.spent);
      // Law: no reservation takes what is not there; only what was spent can be too much.
      expect(reserved).toBeGreaterThanOrEqual(0);
      expect(spent + reserved).toBeLessThanOrEqual(Math.max(total, this.#excused(node)));
    }
  }

  /** Reservations that were there before too much was spent may stand beside it. */
  #excused(node: Node): number {
    return node.spent > 0 ? node.spent + node.budget.total : 0;
  }

  async rest(): Promise<void> {
    await settle();
    for (const node of this.#nodes) {
      const { total, spent, reserved } = node.budget;
      const held = this.#of('holding').filter((caller) => path(caller.node).includes(node));
      // Law: what is reserved is what is held, at every level.
      expect(reserved).toBe(held.reduce((sum, caller) => sum + caller.amount, 0));
      expect(node.budget.remaining).toBe(
        Math.min(...path(node).map(({ budget: b }) => b.total - b.spent - b.reserved)),
      );
      const waiting = this.#of('waiting').filter((caller) => caller.node === node);
      expect(node.budget.statistics().waiting).toBe(waiting.length);
      // Law: nobody waits for what can never be, at any level.
      for (const each of waiting) expect(each.amount).toBeLessThanOrEqual(total - spent);
    }
    // Law: of all callers that wait, the first could not be served.
    const [first] = this.#of('waiting');
    if (first !== undefined) expect(first.amount).toBeGreaterThan(first.node.budget.remaining);
    this.#judge();
  }

  async end(): Promise<void> {
    for (let round = 0; round <= 2 * this.#callers.length + 2; round += 1) {
      await this.rest();
      for (const caller of this.#of('holding')) {
        this.#end(caller, ({ reservation }) => reservation?.[Symbol.dispose]());
      }
    }
    // Law: with all given back, nobody is left behind.
    expect(this.#of('waiting')).toEqual([]);
    for (const { budget } of this.#nodes) expect(budget.reserved).toBe(0);
  }
}

test(
  'nothing is reserved twice, lost or forgotten in a tree of budgets, whatever is cancelled when',
  () =>
    fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 40 }), (steps) =>
        testRun(async (group) => {
          const play = new Play(group);
          for (const each of steps) await play.take(each);
          await play.end();
        }),
      ),
      { numRuns: 150 },
    ),
  60_000,
);

test(
  'without overspending, what is spent and reserved never exceeds the total, at any level',
  () =>
    fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 40 }), (steps) =>
        testRun(async (group) => {
          const nodes = tree();
          const open: Reservation[] = [];
          for (const { which: index, amount: size, do: what } of steps) {
            const { budget } = nodes[index % nodes.length] as Node;
            if (what === 'settle') open.pop()?.settle(0);
            else if (what === 'dispose') open.shift()?.[Symbol.dispose]();
            else if (what === 'settle all') await settle();
            else {
              group.spawn(async () => {
                const reservation = await budget.reserve(size).catch(() => undefined);
                if (reservation === undefined) return;
                if (what === 'try') reservation.settle(Math.floor(size / 2));
                else open.push(reservation);
              });
            }
            for (const each of nodes) {
              const { total, spent, reserved } = each.budget;
              expect(spent + reserved).toBeLessThanOrEqual(total);
            }
          }
          group.cancel();
        }).catch((error: unknown) => {
          if ((error as Error).name !== 'AbortError') throw error;
        }),
      ),
      { numRuns: 100 },
    ),
  60_000,
);
