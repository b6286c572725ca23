import { currentScope, sleep, taskGroup } from '@ambit/core';
import { Action, debounce } from '@ambit/core/actions';
import { currentGroup } from '@ambit/core/lowlevel';
import { settle, testRun } from '@ambit/core/testing';
import { watchReported } from '../support/reported-errors.ts';

/** An action whose calls leave something to its group that cannot be closed. */
const unclosable = () =>
  new Action(() =>
    currentGroup()?.defer(() => {
      throw new Error('cannot close');
    }),
  );

test('an action of a group that ends is over: its calls have ended before the group has', () =>
  testRun(async () => {
    const log: string[] = [];
    const action = await taskGroup(() => {
      const poll = new Action(async () => {
        try {
          await sleep(50);
        } finally {
          log.push('ended');
        }
      });
      poll.perform();
      return poll;
    });
    expect(log).toEqual(['ended']);
    expect(action.last?.state).toBe('cancelled');
    expect(action.perform()).toBeUndefined();
  }));

test('a disposed action leaves nothing with the group around it', () =>
  testRun(() =>
    taskGroup(async (group) => {
      for (let n = 0; n < 3; n += 1) {
        using action = new Action(() => sleep(10));
        action.perform();
      }
      await sleep(1);
      expect(group.size).toBe(0);
    }),
  ));

test('listeners and onError are called where they were registered, not in the scope of a call', () =>
  testRun(async () => {
    const scopes: unknown[] = [];
    const note = (): unknown => scopes.push(currentScope());
    using action = new Action(
      async (isFine: boolean) => {
        await sleep(1);
        if (!isFine) throw new Error('boom');
      },
      { mode: 'restartable', onError: note },
    );
    action.subscribe(note);
    action.perform(true);
    action.perform(false);
    await sleep(10);
    expect(scopes.length).toBeGreaterThan(3);
    expect(new Set(scopes)).toEqual(new Set([currentScope()]));
  }));

test('a listener may perform the action again', () =>
  testRun(async () => {
    let tries = 0;
    using action = new Action(
      async () => {
        tries += 1;
        await sleep(1);
        if (tries < 3) throw new Error('boom');
        return tries;
      },
      { onError: () => void action.perform() },
    );
    action.perform();
    await sleep(20);
    expect(action.last?.result()).toBe(3);
  }));

test('a debounced call that waits ends with the group in which it was made', () =>
  testRun(async () => {
    const calls: number[] = [];
    const paced = debounce((n: number) => calls.push(n), 10);
    let waiting: Promise<unknown> | undefined;
    await taskGroup(() => {
      waiting = paced(1);
    });
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
    await sleep(20);
    expect([calls, paced.isPending]).toEqual([[], false]);
    void paced(2);
    await sleep(20);
    expect(calls).toEqual([2]);
  }));

test('what the group of a disposed action cannot release is an uncaught error', () =>
  testRun(async () => {
    using watched = watchReported();
    const action = unclosable();
    action.perform();
    action[Symbol.dispose]();
    await settle();
    expect(watched.reported).toEqual([new Error('cannot close')]);
  }));

test('it comes out of a group around that ends meanwhile, and is told once', () =>
  testRun(async () => {
    using watched = watchReported();
    const around = taskGroup(() => {
      const action = unclosable();
      action.perform();
      action[Symbol.dispose]();
    });
    await expect(around).rejects.toThrow('cannot close');
    await settle();
    expect(watched.reported).toEqual([]);
  }));
