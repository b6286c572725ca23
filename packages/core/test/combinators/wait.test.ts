import {
  CancelScope,
  InvalidStateError,
  sleep,
  sleepForever,
  taskGroup,
  timeout,
  wait,
} from '@ambit/core';
import type { Task, TaskGroup } from '@ambit/core';
import { testRun } from '@ambit/core/testing';

async function failAfter(ms: number, error: unknown): Promise<never> {
  await sleep(ms);
  throw error;
}

/** Runs a body in a group whose failures are expected. */
async function supervise(body: (group: TaskGroup) => Promise<void>): Promise<void> {
  await taskGroup(body, { onFailure: 'continue' }).catch(() => undefined);
}

function names(tasks: Set<Task<unknown>>): string[] {
  return [...tasks].map((task) => task.name);
}

test('waits until all tasks are done', () =>
  testRun(async (group, loop) => {
    const tasks = [5, 20, 10].map((ms) => group.spawn(() => sleep(ms, { value: ms })));
    const { done, pending } = await wait(tasks);
    expect([...done].map((task) => task.result())).toEqual([5, 20, 10]);
    expect(pending.size).toBe(0);
    expect(loop.now()).toBe(20);
  }));

test('does not throw what the tasks throw', () =>
  testRun(async () => {
    const failure = new Error('refused');
    await supervise(async (group) => {
      const { done } = await wait([group.spawn(() => failAfter(1, failure))]);
      expect([...done].map((task) => task.error())).toEqual([failure]);
    });
  }));

// rule 147
test('when the time is over tells what is done and what is not, and cancels nothing', () =>
  testRun(async (group, loop) => {
    const quick = group.spawn(() => sleep(5), { name: 'quick' });
    const slow = group.spawn(() => sleep(50, { value: 'slow' }), { name: 'slow' });
    const { done, pending } = await wait([quick, slow], { timeout: 10 });
    expect([names(done), names(pending)]).toEqual([['quick'], ['slow']]);
    expect(loop.now()).toBe(10);
    expect(slow.state).toBe('running');
    expect(await slow).toBe('slow');
  }));

// rule 147
test('with no time at all tells how things stand', () =>
  testRun(async (group) => {
    const done = group.spawn(() => 1, { name: 'done' });
    const slow = group.spawn(() => sleep(5), { name: 'slow' });
    const state = await wait([done, slow], { timeout: 0 });
    expect([names(state.done), names(state.pending)]).toEqual([['done'], ['slow']]);
  }));

// rule 147
test('without tasks there is nothing to wait for: a TypeError', async () => {
  await expect(wait([])).rejects.toThrow(
    new TypeError('wait: there are no tasks; give at least one'),
  );
});

test('counts a task that is given twice once', () =>
  testRun(async (group) => {
    const task = group.spawn(() => sleep(1));
    expect((await wait([task, task])).done.size).toBe(1);
  }));

describe("until 'first-completed'", () => {
  // rule 148
  test('tells of all tasks that were done in that tick', () =>
    testRun(async (group, loop) => {
      const tasks = [5, 50, 5].map((ms, at) => group.spawn(() => sleep(ms), { name: String(at) }));
      const { done, pending } = await wait(tasks, { until: 'first-completed' });
      expect([names(done), names(pending)]).toEqual([['0', '2'], ['1']]);
      expect(loop.now()).toBe(5);
    }));

  test('is over at once if one is done already', () =>
    testRun(async (group, loop) => {
      const tasks = [group.spawn(() => sleep(50)), group.spawn(() => 'done')];
      const { done } = await wait(tasks, { until: 'first-completed' });
      expect([...done]).toEqual([tasks[1]]);
      expect(loop.now()).toBe(0);
    }));

  test('takes a cancelled task as completed', () =>
    testRun(async (group) => {
      const task = group.spawn(() => sleepForever());
      const other = group.spawn(() => sleep(50));
      const waiting = wait([task, other], { until: 'first-completed' });
      task.cancel();
      expect((await waiting).done).toEqual(new Set([task]));
    }));
});

describe("until 'first-failed'", () => {
  // rule 148
  test('does not take a cancelled task as failed', () =>
    testRun(async (_group, loop) => {
      const log: string[] = [];
      await supervise(async (group) => {
        const cancelled = group.spawn(() => sleepForever(), { name: 'cancelled' });
        const failing = group.spawn(() => failAfter(10, new Error('refused')), { name: 'failing' });
        const slow = group.spawn(() => sleep(50), { name: 'slow' });
        cancelled.cancel();
        const tasks = [cancelled, failing, slow];
        const { done, pending } = await wait(tasks, { until: 'first-failed' });
        log.push(`${String(loop.now())}: ${names(done).join()}, not ${names(pending).join()}`);
      });
      expect(log).toEqual(['10: cancelled,failing, not slow']);
    }));

  // rule 148
  test('is over at once if one has failed already', () =>
    testRun(async (_group, loop) => {
      const log: string[] = [];
      await supervise(async (group) => {
        const failed = group.spawn(() => Promise.reject(new Error('refused')), { name: 'failed' });
        const slow = group.spawn(() => sleep(50), { name: 'slow' });
        await wait([failed]);
        const { pending } = await wait([failed, slow], { until: 'first-failed' });
        log.push(`${String(loop.now())}: not ${names(pending).join()}`);
      });
      expect(log).toEqual(['0: not slow']);
    }));

  test('is over once all are done, if none fails', () =>
    testRun(async (group, loop) => {
      const tasks = [5, 10].map((ms) => group.spawn(() => sleep(ms)));
      const { done } = await wait(tasks, { until: 'first-failed' });
      expect(done.size).toBe(2);
      expect(loop.now()).toBe(10);
    }));
});

// rule 149
test('cancelled, leaves the tasks alone and no listeners on them', () =>
  testRun(async (group) => {
    const task = group.spawn(() => sleep(50, { value: 'untouched' }));
    await expect(timeout(5, () => wait([task]))).rejects.toThrow('cut short');
    expect(task.state).toBe('running');
    expect(task._first).toBeUndefined();
    expect(await task).toBe('untouched');
  }));

test('rejects with the reason of its signal', () =>
  testRun(async (group) => {
    const controller = new AbortController();
    const task = group.spawn(() => sleep(50));
    const waiting = wait([task], { signal: controller.signal, timeout: 20 });
    controller.abort('enough');
    await expect(waiting).rejects.toBe('enough');
    expect(task.state).toBe('running');
  }));

test('is a checkpoint, also if all tasks are done', () =>
  testRun(async (group) => {
    const task = group.spawn(() => 1);
    const scope = new CancelScope();
    scope.cancel();
    let reached = false;
    await scope.run(async () => {
      await wait([task]);
      reached = true;
    });
    expect(reached).toBe(false);
    const signal = AbortSignal.abort('before');
    await expect(wait([task], { signal })).rejects.toBe('before');
  }));

test('what is done in the tick of a cancellation counts if it came first', () =>
  testRun(async (group) => {
    const scope = new CancelScope();
    const task = group.spawn(() => sleep(5));
    const waiting = scope.run(() => wait([task]));
    group.spawn(async () => {
      await sleep(5);
      scope.cancel();
    });
    expect((await waiting)?.done.size).toBe(1);
  }));

test('refuses at once to wait for the task that calls it', () =>
  testRun(async () => {
    let refused: unknown;
    await taskGroup((group) => {
      group.spawn(async (self): Promise<void> => {
        await sleep(1);
        refused = await wait([self]).catch((error: unknown) => error);
      });
    });
    expect(refused).toBeInstanceOf(InvalidStateError);
    expect(String(refused)).toMatch('this would wait for itself forever; wait it from outside');
  }));

test('costs each task the same, however many there are', () =>
  testRun(async (group) => {
    let looks = 0;
    const tasks = Array.from({ length: 300 }, () => group.spawn(() => sleep(1)));
    for (const task of tasks) {
      const get = () => {
        looks += 1;
        return ['fulfilled', 'rejected', 'cancelled'].includes(task.state);
      };
      Object.defineProperty(task, 'done', { get });
    }
    expect((await wait(tasks)).done.size).toBe(300);
    expect(looks).toBeLessThan(10 * 300);
  }));
