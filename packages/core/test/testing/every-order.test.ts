import {
  checkpoint,
  getRunningLoop,
  InvalidStateError,
  moveOnAfter,
  retry,
  shield,
  sleep,
  sleepForever,
  taskGroup,
  timeout,
  yieldNow,
} from '@ambit/core';
import { proactiveRetry } from '@ambit/core/abort';
import { park } from '@ambit/core/lowlevel';
import type { Waker } from '@ambit/core/lowlevel';
import { everyOrder, OrderError, permute, settle, testRun } from '@ambit/core/testing';
import { Event, Lock } from '../support/small-primitives.ts';

type Body = Parameters<typeof everyOrder>[0];

const sleepers =
  (count: number): Body =>
  (group) => {
    for (let at = 0; at < count; at += 1) group.spawn(() => sleep(10), { name: `s${String(at)}` });
  };

const lostUpdate: Body = async (group) => {
  let balance = 100;
  const withdraw = async (amount: number): Promise<void> => {
    const before = balance;
    await sleep(10);
    balance = before - amount;
  };
  group.spawn(() => withdraw(30), { name: 'w30' });
  group.spawn(() => withdraw(50), { name: 'w50' });
  await group.join();
  if (balance === 70) throw new Error('the second withdrawal is lost');
};

/** A is woken first, and resumes after C, which B wakes: no order of one batch does that. */
const late: Body = async (group) => {
  const [a, b, c] = [new Event(), new Event(), new Event()];
  let hasRun = false;
  group.spawn(() => a.wait().then(() => (hasRun = true)), { name: 'A' });
  group.spawn(() => b.wait().then(() => c.set()), { name: 'B' });
  group.spawn(
    async () => {
      await c.wait();
      if (!hasRun) throw new Error('C ran before A');
    },
    { name: 'C' },
  );
  await yieldNow();
  a.set();
  b.set();
};

/** The reader is put off for n steps of the writer (figure 5 of the paper on PCT). */
const relay =
  (rounds: number): Body =>
  async (group) => {
    let steps = 0;
    let seen = -1;
    const go = new Event();
    group.spawn(
      async () => {
        await go.wait();
        seen = steps;
      },
      { name: 'reader' },
    );
    group.spawn(
      async () => {
        await go.wait();
        for (; steps < rounds; steps += 1) {
          let waker: Waker<void> | undefined;
          const wait = park<void>((own) => void (waker = own));
          waker?.wake();
          await wait;
        }
      },
      { name: 'writer' },
    );
    await yieldNow();
    go.set();
    await group.join();
    if (seen === rounds) throw new Error('the reader came last');
  };

/** Of k tasks the last ones come first, in their order. */
const needle =
  (count: number, depth: number): Body =>
  async (group) => {
    const gate = new Event();
    const seen: number[] = [];
    for (let at = 0; at < count; at += 1) {
      group.spawn(
        async () => {
          await gate.wait();
          seen.push(at);
        },
        { name: `t${String(at)}` },
      );
    }
    await yieldNow();
    gate.set();
    await group.join();
    const first = seen.slice(0, depth);
    if (first.every((each, at) => each === count - depth + at)) throw new Error('the needle');
  };

const deadlock: Body = (group) => {
  const left = new Lock('left');
  const right = new Lock('right');
  const both = (first: Lock, second: Lock): Promise<void> =>
    first.run(async () => {
      await yieldNow();
      await second.run(() => yieldNow());
    });
  group.spawn(() => both(left, right), { name: 'Plato' });
  group.spawn(() => sleep(1).then(() => both(right, left)), { name: 'Kant' });
};

async function failureOf(
  body: Body,
  options?: Parameters<typeof everyOrder>[1],
): Promise<OrderError> {
  const error = await everyOrder(body, options).catch((thrown: unknown) => thrown);
  if (error instanceof OrderError) return error;
  throw new Error(
    `no OrderError: ${error instanceof Error ? error.message : JSON.stringify(error)}`,
  );
}

describe('everyOrder', () => {
  test.each([
    [1, 1],
    [2, 2],
    [3, 6],
    [4, 24],
    [5, 120],
    [6, 720],
  ])('%d sleeps of one length have %d orders', async (count, orders) => {
    const found = await everyOrder(sleepers(count), { time: Infinity });
    expect(found).toMatchObject({ tried: orders, isComplete: true, total: orders });
  });

  test('gives each order once', async () => {
    const seen: string[] = [];
    await everyOrder(async (group) => {
      let order = '';
      for (const name of 'abcd') group.spawn(() => sleep(1).then(() => (order += name)));
      await group.join();
      seen.push(order);
    });
    // The usual order is run three times more.
    expect(seen.filter((order) => order === 'abcd')).toHaveLength(4);
    expect(seen).toHaveLength(24 + 3);
    expect(new Set(seen).size).toBe(24);
  });

  test('finds a lost update in the second order, and tells the story', async () => {
    const error = await failureOf(lostUpdate);
    expect(error).toMatchObject({ name: 'OrderError', tried: 2, order: '0.1' });
    expect(error.cause).toMatchObject({ message: 'the second withdrawal is lost' });
  });

  test('finds what resumes later than a reaction to its batch', async () => {
    const error = await failureOf(late);
    expect(error.message).toBe(
      [
        'everyOrder: order 2 failed, with 1 choice unlike the usual: C ran before A',
        '*  1. B resumes from event   (not yet: A resumes from event)',
        '   2. C resumes from event   (not yet: A resumes from event)',
        "To see it again: everyOrder(body, { order: '0.1' })",
      ].join('\n'),
    );
    expect(error.steps[0]).toEqual({
      happens: 'B resumes from event',
      instead: ['A resumes from event'],
      isDeviation: true,
    });
  });

  test.each<[string, Body, number]>([
    ['one that is put off for twelve steps', relay(12), 2],
    ['the last three of six that come first', needle(6, 3), 4],
    ['the last two of eight that come first', needle(8, 2), 7],
  ])('finds %s', async (_what, body, tried) => {
    expect((await failureOf(body)).tried).toBeLessThanOrEqual(tried);
  });

  test('a token runs the same steps again, and nothing else', async () => {
    const first = await failureOf(needle(6, 3));
    let runs = 0;
    const again = await failureOf(
      (group, loop) => {
        runs += 1;
        return needle(6, 3)(group, loop);
      },
      { order: first.order },
    );
    expect(again.steps).toEqual(first.steps);
    expect({ tried: again.tried, order: again.order, runs }).toEqual({
      tried: 1,
      order: first.order,
      runs: 1,
    });
    expect(await everyOrder(sleepers(3), { order: '0.1' })).toEqual({
      tried: 1,
      isComplete: false,
      total: 6,
      deviations: -1,
    });
    expect(await everyOrder(sleepers(3), { order: 'usual' })).toMatchObject({ tried: 1 });
  });

  test('tasks without a name have one in the story, the same in each run', async () => {
    const body: Body = async (group) => {
      let last = '';
      for (const name of 'ab') group.spawn(() => sleep(1).then(() => (last = name)));
      await group.join();
      if (last === 'a') throw new Error('a is last');
    };
    const first = await failureOf(body);
    expect(first.steps[0]?.happens).toMatch(/^task-\d resumes from sleep at 1 ms$/);
    expect((await failureOf(body)).steps).toEqual(first.steps);
  });

  test('names a deadlock at once, and what each task waits for', async () => {
    const error = await failureOf(deadlock, { clock: 'free' });
    expect(error.message).toMatch(/deadlock: nothing is ready and no timer is left/);
    expect(error.message).toMatch(/task Plato: .*waits for lock right/);
    expect(error.message).toMatch(/task Kant: .*waits for lock left/);
    expect(error.tried).toBe(2);
    await everyOrder(deadlock);
    expect((await failureOf(() => sleepForever())).message).toMatch('waits for sleep forever');
    expect((await failureOf(() => new Promise(() => undefined))).tried).toBe(1);
  });

  test('a deadlock is named within 100 real milliseconds', async () => {
    const times: number[] = [];
    for (let round = 0; round < 10; round += 1) {
      const began = performance.now();
      await failureOf(deadlock, { clock: 'free' });
      times.push(performance.now() - began);
    }
    // The first one compiles, and others use this machine too.
    expect(Math.min(...times)).toBeLessThan(100);
  });

  test('cancels a task at every step, once', async () => {
    const forgets: Body = async (group) => {
      const lock = new Lock('lossy', { forgets: true });
      const use = (): Promise<void> => lock.run(() => yieldNow());
      group.spawn(use, { name: 'user' });
      group.spawn(use, { name: 'victim' });
      await group.join();
      if (!lock.isFree) throw new Error('the permit is lost');
    };
    expect(await everyOrder(forgets)).toMatchObject({ isComplete: true });
    const error = await failureOf(forgets, { cancel: 'victim' });
    expect(error.tried).toBeLessThanOrEqual(3);
    expect(error.message).toMatch(/victim is cancelled by everyOrder/);
    const byFunction = await failureOf(forgets, { cancel: ({ name }) => name === 'victim' });
    expect(byFunction.order).toBe(error.order);
    expect(byFunction.steps.every(({ instead }) => !instead.join('').includes('everyOrder'))).toBe(
      true,
    );
  });

  test('a function that chooses tasks and throws fails the search, not the process', async () => {
    const refuses = everyOrder((group) => void group.spawn(() => sleep(1)), {
      cancel: () => {
        throw new Error('no idea');
      },
    });
    await expect(refuses).rejects.toThrow(/^no idea$/);
  });

  test('a search whose name no task has proves nothing, and says so', async () => {
    const body: Body = (group) => void group.spawn(() => sleep(1), { name: 'worker' });
    const misspelt = everyOrder(body, { cancel: 'wroker' });
    await expect(misspelt).rejects.toThrow(InvalidStateError);
    await expect(misspelt).rejects.toThrow('no task called "wroker" was there to cancel');
    expect(await everyOrder(body, { cancel: () => false })).toMatchObject({ isComplete: true });
    expect(await everyOrder(body, { cancel: 'worker' })).toMatchObject({ tried: 2 });
  });

  test('a look for tasks to cancel lets no deadline pass: that is a step of its own', async () => {
    const seen = new Set<string>();
    const body: Body = async () => {
      const log: string[] = [];
      await moveOnAfter(10, () =>
        taskGroup((group) => {
          group.spawn(() => sleep(10).then(() => log.push('woke')), { name: 'victim' });
          group.spawn(() => sleep(10).then(() => log.push('other')));
        }),
      );
      seen.add(log.join());
    };
    const orders = await everyOrder(body, { cancel: ({ name }) => name === 'victim' });
    expect(orders).toMatchObject({ isComplete: true, tried: 9 });
    expect([...seen].sort()).toEqual(['', 'other', 'other,woke', 'woke', 'woke,other']);
  });

  test('a function that names every task cancels all but the body', async () => {
    const { isComplete } = await everyOrder(
      async (group) => {
        const lock = new Lock('lock');
        for (const name of ['a', 'b']) {
          group.spawn(
            async () => {
              await lock.run(() => shield(() => sleep(1)));
            },
            { name },
          );
        }
        await group.join();
        expect(lock.isFree).toBe(true);
      },
      { cancel: () => true },
    );
    expect(isComplete).toBe(true);
  });

  test('a free clock lets a time limit pass before what was ready', async () => {
    const body: Body = async () => {
      const value = await timeout(5, async () => {
        await yieldNow();
        return 'in time';
      }).catch(() => 'too late');
      if (value === 'too late') throw new Error(value);
    };
    expect(await everyOrder(body)).toMatchObject({ tried: 1, isComplete: true });
    expect((await failureOf(body, { clock: 'free' })).steps[0]?.happens).toMatch(
      /^the deadline of .* at 5 ms$/,
    );
  });

  test('within a budget it says what it covered', async () => {
    const found = await everyOrder(sleepers(5), { limit: 10 });
    expect(found).toMatchObject({ tried: 10, isComplete: false, deviations: 0 });
    expect(found.total).toBe(120);
    expect(await everyOrder(sleepers(4), { deviations: 1 })).toEqual({
      tried: 1 + 3 + 2 + 1,
      isComplete: false,
      total: 24,
      deviations: 1,
    });
    expect(await everyOrder(sleepers(3), { deviations: 0 })).toMatchObject({ tried: 1, total: 6 });
    const hurried = await everyOrder(sleepers(7), { time: 30 });
    expect(hurried.isComplete).toBe(false);
    expect(hurried.total).toBeGreaterThanOrEqual(hurried.tried);
    expect(await everyOrder(sleepers(3), { time: 0 })).toMatchObject({
      tried: 1,
      isComplete: false,
    });
  });

  test('a failure of an order that the estimate drew is one like any other', async () => {
    const body: Body = async (group) => {
      const order: string[] = [];
      for (const name of 'abcdef') group.spawn(() => sleep(1).then(() => order.push(name)));
      await group.join();
      if (order.indexOf('f') < order.indexOf('e')) throw new Error('f before e');
    };
    const error = await failureOf(body, { limit: 1 });
    expect((await failureOf(body, { order: error.order })).steps).toEqual(error.steps);
  });

  test.each<[string, Body]>([
    ['the length of a sleep', () => sleep(Math.random() * 1000)],
    [
      'a number of tasks',
      (group) => {
        const count = 1 + Math.floor(Math.random() * 100);
        for (let at = 0; at < count; at += 1) group.spawn(() => yieldNow());
      },
    ],
    ['a name', (group) => void group.spawn(() => sleep(1), { name: String(Math.random()) })],
  ])('a body that draws %s is an InvalidStateError', async (_what, body) => {
    await expect(everyOrder(body, { limit: 50 })).rejects.toThrow(InvalidStateError);
  });

  test('a token of another body is an InvalidStateError', async () => {
    await expect(everyOrder(sleepers(2), { order: '5.1' })).rejects.toThrow(InvalidStateError);
    await expect(everyOrder(sleepers(2), { order: '0.7' })).rejects.toThrow(InvalidStateError);
  });

  test('chance in the packages is the same in each run', async () => {
    const ends = new Set<number>();
    await everyOrder(async (_group, loop) => {
      await retry(() => Promise.reject(new Error('no')), { attempts: 3 }).catch(() => undefined);
      ends.add(loop.now());
    });
    expect(ends.size).toBe(1);
  });

  test('settle() waits for all steps, and a leak fails the order', async () => {
    const { isComplete } = await everyOrder(async (group) => {
      let done = 0;
      for (const name of 'abc') group.spawn(() => yieldNow().then(() => (done += 1)), { name });
      await settle();
      expect(done).toBe(3);
    });
    expect(isComplete).toBe(true);
    const error = await failureOf(() => void getRunningLoop().callLater(5, () => undefined));
    expect(error.message).toMatch('has left 1 timer behind');
  });

  test.each<[unknown, string]>([
    [{ limit: 0 }, 'limit is 0'],
    [{ time: NaN }, 'time is NaN'],
    [{ time: 'long' }, 'time is "long"'],
    [{ deviations: -1 }, 'deviations is -1'],
    [{ cancel: 7 }, 'cancel is 7; give the name of a task, or a function'],
    [{ clock: 'slow' }, 'clock is "slow"'],
    [{ order: '' }, 'order is ""'],
    [{ order: '0.0' }, 'order is "0.0"'],
    [{ order: '3.1-2.1' }, 'order is "3.1-2.1"'],
    [{ order: 5 }, 'order is 5'],
    [7, 'options is 7'],
  ])('refuses %j', async (options, message) => {
    await expect(everyOrder(() => undefined, options as never)).rejects.toThrow(message);
    await expect(everyOrder(undefined as never)).rejects.toThrow('body is undefined');
  });
});

describe('permute, on the same schedule', () => {
  test('finds what no order of a batch shows', async () => {
    await expect(permute(late, { runs: 100 })).rejects.toThrow('C ran before A');
  });

  test.each<[string, (call: () => Promise<never>) => Promise<unknown>]>([
    ['retry', (call) => retry(call, { attempts: 6 })],
    ['retry, with full jitter', (call) => retry(call, { attempts: 6, jitter: 'full' })],
    ['proactiveRetry', (call) => proactiveRetry(call, { maxAttempts: 6 })],
  ])('the seed decides how long %s sleeps too', async (_what, run) => {
    const instantsOf = async (seed: number): Promise<number[]> => {
      const instants: number[] = [];
      const body: Body = async (_group, loop) => {
        const refuse = (): Promise<never> => {
          instants.push(loop.now());
          return Promise.reject(new Error('no'));
        };
        await run(refuse).catch(() => undefined);
      };
      await testRun(body, { seed });
      return instants;
    };
    const instants = await instantsOf(3);
    expect(instants).toHaveLength(6);
    expect(await instantsOf(3)).toEqual(instants);
    expect(await instantsOf(4)).not.toEqual(instants);
  });

  // A slow turn, or a pause of the garbage collector.
  test('the real clock decides nothing', async () => {
    const orderOf = async (busy: number): Promise<string> => {
      let order = '';
      await testRun(
        async (group) => {
          await yieldNow();
          const until = performance.now() + busy;
          while (performance.now() < until);
          for (const name of 'abc') {
            group.spawn(async () => {
              await checkpoint();
              order += name;
              await yieldNow();
              order += name.toUpperCase();
            });
          }
        },
        { seed: 3 },
      );
      return order;
    };
    expect(await orderOf(15)).toBe(await orderOf(0));
  });
});
