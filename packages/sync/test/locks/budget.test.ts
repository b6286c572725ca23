import { CancelScope, ContextVar, formatTaskTree, InvalidStateError, sleep } from '@ambit/core';
import { settle, testRun } from '@ambit/core/testing';
import { Budget, BudgetExceededError } from '@ambit/sync';

const numbers = ({ total, spent, reserved, remaining }: Budget) => [
  total,
  spent,
  reserved,
  remaining,
];

test('what is reserved is set aside, what is settled is spent, the rest goes back', () =>
  testRun(async () => {
    const budget = new Budget(10);
    const reservation = await budget.reserve(6);
    expect(reservation.amount).toBe(6);
    expect(numbers(budget)).toEqual([10, 0, 6, 4]);
    reservation.settle(2.5);
    expect(numbers(budget)).toEqual([10, 2.5, 0, 7.5]);
    {
      using other = await budget.reserve(7.5);
      expect(budget.tryReserve(0.5)).toBeUndefined();
      expect(other.amount).toBe(7.5);
    }
    expect(numbers(budget)).toEqual([10, 2.5, 0, 7.5]);
    budget.spend(1);
    expect(budget.spent).toBe(3.5);
  }));

test('a caller that finds too little waits, first come, first served', () =>
  testRun(async (group) => {
    const budget = new Budget(10, { name: 'tokens' });
    const first = await budget.reserve(8);
    const log: string[] = [];
    for (const amount of [5, 1, 2]) {
      group.spawn(async () => {
        await budget.reserve(amount);
        log.push(`${amount}`);
      });
    }
    await settle();
    expect(formatTaskTree()).toContain('waits for budget "tokens"');
    // It is there, but others came first.
    expect(budget.tryReserve(1)).toBeUndefined();
    expect(budget.statistics()).toEqual({
      total: 10,
      spent: 0,
      reserved: 8,
      remaining: 2,
      waiting: 3,
      peak: 3,
    });
    first.settle(4);
    await settle();
    expect(log).toEqual(['5', '1']);
    expect(budget.statistics()).toMatchObject({ waiting: 1, remaining: 0 });
    group.cancel();
  }).catch((error: unknown) => {
    if ((error as Error).name !== 'AbortError') throw error;
  }));

test('a cancelled caller has reserved nothing, and lets those behind it go on', () =>
  testRun(async (group) => {
    const budget = new Budget(10);
    using first = await budget.reserve(6);
    const large = group.spawn(() => budget.reserve(10));
    const small = group.spawn(() => budget.reserve(2));
    await settle();
    await large.stop();
    expect((await small).amount).toBe(2);
    expect(numbers(budget)).toEqual([10, 0, 8, 2]);
    const controller = new AbortController();
    const cut = expect(budget.reserve(5, controller)).rejects.toBe('enough');
    controller.abort('enough');
    await cut;
    expect(budget.reserved).toBe(8);
    expect(first.amount).toBe(6);
  }));

describe('more than can ever be', () => {
  test('is refused at once, though something is reserved that could come back', () =>
    testRun(async () => {
      const budget = new Budget(10, { name: 'tokens' });
      using _ = await budget.reserve(4);
      budget.spend(3);
      await expect(budget.reserve(8)).rejects.toThrow(
        'amount is 8, more than can ever be left of the budget "tokens" (3 of 10 are spent)',
      );
      await expect(budget.reserve(8)).rejects.toMatchObject({ total: 10, spent: 3, by: 1 });
      expect(budget.tryReserve(8)).toBeUndefined();
      await expect(budget.child(100).reserve(8)).rejects.toThrow(BudgetExceededError);
    }));

  test('also if it becomes so while the caller waits; those behind are served', () =>
    testRun(async (group) => {
      const budget = new Budget(10);
      const held = await budget.reserve(5);
      const child = budget.child(9);
      const large = expect(child.reserve(7)).rejects.toThrow(BudgetExceededError);
      const small = group.spawn(() => budget.reserve(1));
      await settle();
      budget.spend(4);
      await large;
      await small;
      expect(numbers(budget)).toEqual([10, 4, 6, 0]);
      held.settle(5);
    }));
});

describe('over', () => {
  test('spend() is recorded and an error, once it and what is reserved are more than there is', () =>
    testRun(async () => {
      const budget = new Budget(10, { name: 'money' });
      using reservation = await budget.reserve(6);
      budget.spend(4);
      expect(() => budget.spend(1)).toThrow('the budget "money" is over its total (10) by 1');
      expect(numbers(budget)).toEqual([10, 5, 6, -1]);
      reservation[Symbol.dispose]();
      expect(budget.remaining).toBe(5);
    }));

  test('settle() takes more than was reserved if it is there, and records it if not', () =>
    testRun(async () => {
      const budget = new Budget(10);
      (await budget.reserve(2)).settle(5);
      expect(numbers(budget)).toEqual([10, 5, 0, 5]);
      const reservation = await budget.reserve(2);
      expect(() => reservation.settle(6)).toThrow(BudgetExceededError);
      expect(numbers(budget)).toEqual([10, 11, 0, -1]);
      expect(() => reservation.settle(1)).toThrow(InvalidStateError);
    }));

  test('what settles within its reservation is no error, whatever others have spent', () =>
    testRun(async () => {
      const budget = new Budget(10);
      const reservation = await budget.reserve(6);
      expect(() => budget.spend(5)).toThrow(BudgetExceededError);
      reservation.settle(6);
      expect(budget.spent).toBe(11);
    }));
});

test('a reservation ends once', () =>
  testRun(async () => {
    const budget = new Budget(10);
    const settled = await budget.reserve(3);
    expect(() => settled.settle(NaN)).toThrow(RangeError);
    settled.settle(1);
    settled[Symbol.dispose]();
    expect(() => settled.settle(1)).toThrow(InvalidStateError);
    const given = await budget.reserve(3);
    given[Symbol.dispose]();
    given[Symbol.dispose]();
    expect(() => given.settle(1)).toThrow(InvalidStateError);
    expect(numbers(budget)).toEqual([10, 1, 0, 9]);
  }));

test('with nothing reserved, nothing is reserved: fractions leave no rest', () =>
  testRun(async () => {
    const budget = new Budget(1);
    const all = [0.1, 0.2, 0.3].map((amount) => budget.tryReserve(amount));
    for (const each of all) each?.[Symbol.dispose]();
    expect(budget.reserved).toBe(0);
    await budget.reserve(1);
  }));

describe('onExceeded()', () => {
  test('calls back each time the budget goes over, in its own context, before the error', () =>
    testRun(async () => {
      const budget = new Budget(10);
      const name = new ContextVar<string>();
      const log: unknown[] = [];
      const listening = name.run('mine', () =>
        budget.onExceeded(({ budget: which, spent, by }) =>
          log.push([which === budget, spent, by, name.get()]),
        ),
      );
      const reservation = await budget.reserve(4);
      const spend = (amount: number) => {
        try {
          budget.spend(amount);
        } catch {
          log.push('error');
        }
      };
      spend(7);
      spend(1);
      reservation[Symbol.dispose]();
      spend(3);
      listening[Symbol.dispose]();
      spend(1);
      expect(log).toEqual([
        [true, 7, 1, 'mine'],
        'error',
        'error',
        [true, 11, 1, 'mine'],
        ...['error', 'error'],
      ]);
    }));

  test('at once if it is over already; a settlement of an over budget does not go over again', () =>
    testRun(async () => {
      const budget = new Budget(10);
      const reservation = await budget.reserve(4);
      expect(() => budget.spend(8)).toThrow(BudgetExceededError);
      const seen: number[] = [];
      budget.onExceeded(({ by }) => seen.push(by));
      expect(seen).toEqual([2]);
      reservation.settle(4);
      expect(seen).toEqual([2]);
      expect(() => budget.onExceeded('no' as never)).toThrow(TypeError);
    }));

  test('cancelWhenExceeded() cancels a scope with the error as reason', () =>
    testRun(async () => {
      const budget = new Budget(10, { name: 'tokens' });
      const scope = new CancelScope();
      const ended = await scope.run(async () => {
        using _ = budget.cancelWhenExceeded(scope);
        expect(() => budget.child(100).spend(11)).toThrow(BudgetExceededError);
        await sleep(10);
      });
      expect(ended).toBeUndefined();
      expect(scope.reason?.reason).toBeInstanceOf(BudgetExceededError);
      const late = new CancelScope();
      budget.cancelWhenExceeded(late);
      expect(late.cancelCalled).toBe(true);
      expect(() => budget.cancelWhenExceeded({} as never)).toThrow(TypeError);
    }));
});

describe('child()', () => {
  test('draws on the budgets around it too, in one step', () =>
    testRun(async () => {
      const root = new Budget(10);
      const child = root.child(6, { name: 'child' });
      const grandchild = child.child(100);
      const reservation = await grandchild.reserve(4);
      expect([root, child, grandchild].map((each) => each.reserved)).toEqual([4, 4, 4]);
      expect(grandchild.remaining).toBe(2);
      expect(grandchild.tryReserve(3)).toBeUndefined();
      expect([root, child, grandchild].map((each) => each.reserved)).toEqual([4, 4, 4]);
      root.spend(5);
      expect(grandchild.remaining).toBe(1);
      reservation.settle(1);
      expect([root, child, grandchild].map((each) => each.spent)).toEqual([6, 1, 1]);
      expect(() => grandchild.spend(6)).toThrow('the budget "child" is over its total (6) by 1');
      expect([root, child, grandchild].map((each) => each.spent)).toEqual([12, 7, 7]);
    }));

  test('one that has used up its part does not hold up its siblings; the line at the root is kept', () =>
    testRun(async (group) => {
      const root = new Budget(10);
      const [a, b] = [root.child(4), root.child(10)];
      using held = await a.reserve(4);
      const log: string[] = [];
      const ask = (name: string, budget: Budget, amount: number) =>
        group.spawn(() => budget.reserve(amount).then(() => log.push(name)), { daemon: true });
      ask('a waits for a', a, 2);
      ask('b goes on', b, 3);
      await settle();
      expect(log).toEqual(['b goes on']);
      ask('b waits for the root', b, 5);
      ask('root is behind b', root, 1);
      await settle();
      expect(log).toEqual(['b goes on']);
      held[Symbol.dispose]();
      await settle();
      expect(log).toEqual(['b goes on', 'a waits for a', 'b waits for the root']);
    }));
});

test.each([
  [() => new Budget(-1), RangeError],
  [() => new Budget(NaN), RangeError],
  [() => new Budget('1' as never), TypeError],
  [() => new Budget(1, { name: 1 as never }), TypeError],
  [() => new Budget(1).child(-1), RangeError],
  [() => new Budget(1).spend(-1), RangeError],
  [() => new Budget(1).spend(Infinity), RangeError],
  [() => new Budget(1).tryReserve(NaN), RangeError],
])('bad arguments are errors at once', async (call, error) => {
  expect(call).toThrow(error);
  await expect(new Budget(1).reserve(-1)).rejects.toThrow(RangeError);
  expect(new Budget(Infinity).remaining).toBe(Infinity);
});
