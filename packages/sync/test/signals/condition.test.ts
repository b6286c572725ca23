import { CancelScope, InvalidStateError, isCancelled, sleep } from '@ambit/core';
import type { TaskGroup } from '@ambit/core';
import { settle, testRun } from '@ambit/core/testing';
import { Condition, Lock } from '@ambit/sync';

/** Waits under the lock, and notes when it has been notified. */
function waiter(group: TaskGroup, condition: Condition, log: string[], name: string): CancelScope {
  const scope = new CancelScope();
  group.spawn(async () => {
    await scope.run(async () => {
      using held = await condition.acquire();
      expect(held).toBeDefined();
      try {
        await condition.wait();
        log.push(name);
      } catch (error) {
        expect(condition.locked).toBe(true);
        log.push(`${name} ${isCancelled(error) ? 'cancelled' : 'failed'}`);
        throw error;
      }
    });
  });
  return scope;
}

test('wait, waitFor and notify need the lock, even if the predicate holds', () =>
  testRun(async () => {
    // rule 176
    const condition = new Condition(undefined, { name: 'jobs' });
    await expect(condition.wait()).rejects.toThrow(InvalidStateError);
    await expect(condition.waitFor(() => true)).rejects.toThrow(InvalidStateError);
    expect(() => condition.notify()).toThrow(InvalidStateError);
    expect(() => condition.notifyAll()).toThrow(/lock of the condition "jobs"/);
    await condition.run(() => condition.notifyAll());
  }));

test('wakes as many as asked for, those who wait longest; with nobody waiting it is lost', () =>
  testRun(async (group) => {
    // rule 180
    const condition = new Condition();
    const log: string[] = [];
    await condition.run(() => condition.notify(5));
    for (const name of ['a', 'b', 'c', 'd']) waiter(group, condition, log, name);
    await settle();
    expect(condition.statistics()).toMatchObject({ waiting: 4, waitingForLock: 0 });
    await condition.run(() => condition.notify(2));
    await settle();
    expect(log).toEqual(['a', 'b']);
    await condition.run(() => condition.notify(0));
    await condition.run(() => condition.notify());
    await condition.run(() => condition.notify(7));
    await settle();
    expect(log).toEqual(['a', 'b', 'c', 'd']);
    waiter(group, condition, log, 'e');
    waiter(group, condition, log, 'f');
    await settle();
    await condition.run(() => condition.notifyAll());
    await settle();
    expect(log).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
  }));

test('who is notified goes on once it has the lock, one after the other', () =>
  testRun(async (group) => {
    const condition = new Condition();
    const log: string[] = [];
    for (const name of ['a', 'b']) {
      group.spawn(() =>
        condition.run(async () => {
          await condition.wait();
          log.push(`${name} in`);
          await sleep(5);
          log.push(`${name} out`);
        }),
      );
    }
    await settle();
    await condition.run(async () => {
      condition.notifyAll();
      expect(condition.statistics()).toMatchObject({ waiting: 0, waitingForLock: 2 });
      await sleep(5);
      log.push('the notifier goes');
    });
    await group.join();
    expect(log).toEqual(['the notifier goes', 'a in', 'a out', 'b in', 'b out']);
  }));

test('waitFor asks at once, and after each notification; answers what the predicate answered', () =>
  testRun(async (group) => {
    // rule 181
    const condition = new Condition();
    const jobs: string[] = ['first'];
    let asked = 0;
    const next = () =>
      condition.run(() =>
        condition.waitFor(() => {
          asked += 1;
          return jobs.shift();
        }),
      );
    expect(await next()).toBe('first');
    expect(asked).toBe(1);
    const second = group.spawn(next);
    await settle();
    await condition.run(() => condition.notify());
    await settle();
    expect([asked, second.done]).toEqual([3, false]);
    await condition.run(() => {
      jobs.push('second');
      condition.notify();
    });
    expect(await second).toBe('second');
  }));

test('waitFor waits as often as it takes', () =>
  testRun(async (group) => {
    // rule 181
    const condition = new Condition();
    let count = 0;
    const task = group.spawn(() => condition.run(() => condition.waitFor(() => count === 5)));
    while (count < 5) {
      await settle();
      expect(task.done).toBe(false);
      await condition.run(() => {
        count += 1;
        condition.notify();
      });
    }
    expect(await task).toBe(true);
  }));

test('two conditions on one lock are two lines', () =>
  testRun(async (group) => {
    // rule 182
    const lock = new Lock();
    const [full, empty] = [new Condition(lock), new Condition(lock)];
    const log: string[] = [];
    waiter(group, full, log, 'full');
    waiter(group, empty, log, 'empty');
    await settle();
    await lock.run(() => empty.notify());
    await settle();
    expect(log).toEqual(['empty']);
    await lock.run(() => full.notify());
    await settle();
    expect(log).toEqual(['empty', 'full']);
  }));

test('cancelled, it has the lock again before it throws, also if it must wait for it', () =>
  testRun(async (group) => {
    // rule 177
    const condition = new Condition();
    const log: string[] = [];
    const scope = waiter(group, condition, log, 'a');
    await settle();
    scope.cancel();
    await settle();
    expect(log).toEqual(['a cancelled']);
    const contested = waiter(group, condition, log, 'b');
    await settle();
    await condition.run(async () => {
      contested.cancel();
      await sleep(10);
      log.push('the lock is released');
    });
    await settle();
    expect(log.slice(1)).toEqual(['the lock is released', 'b cancelled']);
    expect(condition.locked).toBe(false);
  }));

test('cancelled while it waits for the lock after a notification: throws, with the lock; the next one is notified', () =>
  testRun(async (group) => {
    // rules 178, 179
    const condition = new Condition();
    const log: string[] = [];
    const scope = waiter(group, condition, log, 'a');
    waiter(group, condition, log, 'b');
    await settle();
    await condition.run(async () => {
      condition.notify();
      await sleep(1);
      scope.cancel();
      expect(condition.statistics()).toMatchObject({ waiting: 0, waitingForLock: 1 });
      await sleep(1);
    });
    await group.join();
    expect(log.toSorted()).toEqual(['a cancelled', 'b']);
    expect(condition.locked).toBe(false);
  }));

test('handed the lock, then cancelled in the same tick: returns, and the notification is used up', () =>
  testRun(async (group) => {
    // rule 178
    const condition = new Condition();
    const log: string[] = [];
    const scope = waiter(group, condition, log, 'a');
    const other = waiter(group, condition, log, 'b');
    await settle();
    const guard = await condition.acquire();
    condition.notify();
    guard[Symbol.dispose]();
    scope.cancel();
    await settle();
    expect(log).toEqual(['a']);
    other.cancel();
  }));

test('cancelled, then notified in the same tick: the notification goes to the next', () =>
  testRun(async (group) => {
    // rule 179
    const condition = new Condition();
    const log: string[] = [];
    const scope = waiter(group, condition, log, 'a');
    waiter(group, condition, log, 'b');
    await settle();
    await condition.run(() => {
      scope.cancel();
      condition.notify();
    });
    await group.join();
    expect(log.toSorted()).toEqual(['a cancelled', 'b']);
  }));

test.each([
  ['notified, then cancelled in the same tick', ['notify', 'cancel'], ['a']],
  ['cancelled, then notified in the same tick', ['cancel', 'notify'], ['a cancelled', 'b']],
  ['notified, then cancelled a tick later', ['notify', 'tick', 'cancel'], ['a']],
  ['cancelled, then notified a tick later', ['cancel', 'tick', 'notify'], ['a cancelled', 'b']],
])('%s: the notification is used once', (_, steps, expected) =>
  testRun(async (group) => {
    // rules 178, 179
    const condition = new Condition();
    const log: string[] = [];
    const scope = waiter(group, condition, log, 'a');
    const other = waiter(group, condition, log, 'b');
    await settle();
    const guard = condition.tryAcquire();
    for (const step of steps) {
      if (step === 'cancel') scope.cancel();
      else if (step === 'tick') await Promise.resolve();
      else {
        condition.notify();
        guard?.[Symbol.dispose]();
      }
    }
    await settle();
    expect(log.toSorted()).toEqual(expected);
    const waiting = expected.includes('b') ? 0 : 1;
    expect(condition.statistics()).toMatchObject({ locked: false, waiting, waitingForLock: 0 });
    other.cancel();
  }),
);

test('several cancelled in one wave after a notification pass it on to one who is left', () =>
  testRun(async (group) => {
    // rule 179
    const condition = new Condition();
    const log: string[] = [];
    const scope = new CancelScope();
    const wait = (name: string) => condition.run(() => condition.wait().then(() => log.push(name)));
    group.spawn(() => scope.run(() => Promise.all([wait('a'), wait('b')])));
    waiter(group, condition, log, 'c');
    await settle();
    await condition.run(async () => {
      condition.notify();
      scope.cancel();
      await sleep(1);
    });
    await group.join();
    expect(log).toEqual(['c']);
  }));

test('a predicate that throws passes the notification on that woke it', () =>
  testRun(async (group) => {
    // rule 179
    const condition = new Condition();
    const log: string[] = [];
    let isBroken = false;
    const failing = group.spawn(async () => {
      const waited = condition.run(() =>
        condition.waitFor(() => {
          if (isBroken) throw new Error('no answer');
          return false;
        }),
      );
      await expect(waited).rejects.toThrow('no answer');
    });
    waiter(group, condition, log, 'b');
    await settle();
    isBroken = true;
    await condition.run(() => condition.notify());
    await failing;
    await group.join();
    expect(log).toEqual(['b']);
    await expect(
      condition.run(() =>
        condition.waitFor(() => {
          throw new Error('at once');
        }),
      ),
    ).rejects.toThrow('at once');
  }));

test.each([true, false])(
  'a notification that was used up is not passed on once more (%s)',
  (asks) =>
    testRun(async (group) => {
      // rule 179
      const condition = new Condition();
      const log: string[] = [];
      const scope = new CancelScope();
      const task = group.spawn(() =>
        scope.run(() =>
          condition.run(async () => {
            await condition.wait();
            log.push('a');
            const ask = () =>
              condition.waitFor(() => {
                throw new Error('no answer');
              });
            if (asks) await expect(ask()).rejects.toThrow('no answer');
            await condition.wait();
          }),
        ),
      );
      await settle();
      const other = waiter(group, condition, log, 'b');
      await settle();
      await condition.run(() => condition.notify());
      await settle();
      scope.cancel();
      await task;
      await settle();
      expect(log).toEqual(['a']);
      other.cancel();
    }),
);

test('the guard with which it was acquired releases it after wait()', () =>
  testRun(async (group) => {
    const condition = new Condition();
    group.spawn(async () => {
      const guard = await condition.acquire();
      await condition.wait();
      expect(condition.statistics().locked).toBe(true);
      guard[Symbol.dispose]();
      expect(condition.locked).toBe(false);
    });
    await settle();
    const guard = condition.tryAcquire();
    condition.notify();
    guard?.[Symbol.dispose]();
    await group.join();
  }));

test('a signal ends the wait, with the lock held', () =>
  testRun(async (group) => {
    // rule 177
    const condition = new Condition();
    const controller = new AbortController();
    const task = group.spawn(() =>
      condition.run(async () => {
        const waited = condition.wait({ signal: controller.signal });
        await expect(waited).rejects.toBe('enough');
        expect(condition.locked).toBe(true);
      }),
    );
    await settle();
    controller.abort('enough');
    await task;
  }));
