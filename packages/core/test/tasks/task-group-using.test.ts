import {
  CancelScope,
  checkpoint,
  isCancelled,
  run,
  shield,
  sleep,
  sleepForever,
  suppressedErrors,
  TaskGroup,
  TaskGroupError,
  timeout,
  TimeoutError,
} from '@ambit/core';
import { testRun } from '@ambit/core/testing';
import { failAfter, failInCleanup, failureOf } from '../support/failures.ts';

test('join() at the end of the block waits for the children', () =>
  testRun(async (_group, loop) => {
    const log: string[] = [];
    {
      await using group = new TaskGroup();
      group.spawn(() => sleep(20).then(() => log.push('child')));
      log.push('block');
      await group.join();
      log.push('joined');
    }
    expect(log).toEqual(['block', 'child', 'joined']);
    expect(loop.now()).toBe(20);
  }));

test('a block that throws cancels its children and waits for them', () =>
  testRun(async (_group, loop) => {
    const failure = new Error('block');
    const log: unknown[] = [];
    const block = async (): Promise<void> => {
      await using group = new TaskGroup();
      group.spawn(() =>
        sleepForever().finally(() => shield(() => sleep(20)).then(() => log.push(loop.now()))),
      );
      await sleep(5);
      throw failure;
    };
    await expect(block()).rejects.toBe(failure);
    expect(log).toEqual([25]);
  }));

test('a block that is left without join() cancels what still runs, quietly', () =>
  testRun(async (_group, loop) => {
    const log: unknown[] = [];
    const block = async (): Promise<string> => {
      await using group = new TaskGroup();
      group.spawn(() => sleepForever().finally(() => log.push(group.scope.reason?.reason)));
      await checkpoint();
      return 'value';
    };
    expect(await block()).toBe('value');
    expect(log).toEqual(['the block of this task group was left without join()']);
    expect(loop.now()).toBe(0);
  }));

test('in debug mode it is warned of leaving the block without join()', async () => {
  const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  try {
    await run(
      async () => {
        await using group = new TaskGroup({ name: 'crawl' });
        group.spawn(() => sleepForever());
      },
      { debug: true, signals: [] },
    );
    expect(warn).toHaveBeenCalledTimes(1);
    expect(warn.mock.calls[0]?.[0]).toContain('the task group "crawl" was left with 1 unfinished');
  } finally {
    warn.mockRestore();
  }
});

test('the failure of a child comes out of join() once, with later ones attached', () =>
  testRun(async () => {
    const first = new Error('first');
    const second = new Error('second');
    const block = async (): Promise<void> => {
      await using group = new TaskGroup();
      group.spawn(failAfter(10, first));
      group.spawn(failInCleanup(second));
      await group.join();
    };
    expect(await failureOf(block())).toBe(first);
    expect(suppressedErrors(first)).toEqual([second]);
  }));

test('disposal throws a failure that nobody has seen', () =>
  testRun(async () => {
    const failure = new Error('unseen');
    const block = async (): Promise<void> => {
      await using group = new TaskGroup();
      group.spawn(failAfter(1, failure));
      await sleep(5);
    };
    expect(await failureOf(block())).toBe(failure);
  }));

test('disposal is silent about a failure that join() has thrown or the task has told', () =>
  testRun(async () => {
    const failure = new Error('seen');
    const seen: unknown[] = [];
    const block = async (see: (group: TaskGroup) => PromiseLike<unknown>): Promise<void> => {
      await using group = new TaskGroup();
      seen.push(await failureOf(see(group)));
    };
    await block((group) => group.spawn(failAfter(1, failure)));
    await block((group) => group.spawn(failAfter(1, failure)).join());
    await block((group) => {
      group.spawn(failAfter(1, failure));
      return group.join();
    });
    expect(seen).toEqual([failure, failure, failure]);
  }));

test('of several failures disposal throws those that nobody has seen, and only those', () =>
  testRun(async () => {
    const seen = new Error('seen');
    const unseen = new Error('unseen');
    const block = async (): Promise<void> => {
      await using group = new TaskGroup({ onFailure: 'continue', name: 'jobs' });
      group.spawn(failAfter(1, unseen), { name: 'job' });
      await failureOf(group.spawn(failAfter(2, seen)));
    };
    const error = (await failureOf(block())) as TaskGroupError;
    expect(error).toBeInstanceOf(TaskGroupError);
    expect(error.errors).toEqual([unseen]);
    expect(error.message).toBe('1 failure in the task group "jobs": "job": unseen');
  }));

test('after join() there may be more to do, and to join', () =>
  testRun(async () => {
    const log: string[] = [];
    await using group = new TaskGroup();
    group.spawn(() => sleep(5).then(() => log.push('first')));
    await group.join();
    group.spawn(() => sleep(5).then(() => log.push('second')));
    await group.join();
    expect(log).toEqual(['first', 'second']);
  }));

test('join() is a checkpoint, and cancelling who joins cancels no child', () =>
  testRun(async () => {
    await using group = new TaskGroup();
    const task = group.spawn(() => sleep(10, { value: 'done' }));
    const scope = new CancelScope({ timeout: 5 });
    await scope.run(() => group.join());
    expect([scope.cancelCaught, task.state]).toEqual([true, 'running']);
    await group.join();
    expect(task.result()).toBe('done');
    const late = new CancelScope();
    late.cancel();
    await late.run(() => group.join());
    expect(late.cancelCaught).toBe(true);
  }));

test('join() of a group whose time is over throws a TimeoutError', () =>
  testRun(async () => {
    await using group = new TaskGroup({ timeout: 10 });
    group.spawn(() => sleepForever());
    await expect(group.join()).rejects.toThrow(TimeoutError);
  }));

test('join() of a group that was cancelled by hand is quiet', () =>
  testRun(async () => {
    await using group = new TaskGroup();
    const task = group.spawn(() => sleepForever());
    group.cancel();
    await group.join();
    expect(task.state).toBe('cancelled');
  }));

test('several may join, and join() waits for who comes while it waits', () =>
  testRun(async (outer, loop) => {
    await using group = new TaskGroup();
    group.spawn(() => sleep(10).then(() => group.spawn(() => sleep(10))));
    const joiners = [outer.spawn(() => group.join()), outer.spawn(() => group.join())];
    for (const joiner of joiners) await joiner;
    expect(loop.now()).toBe(20);
  }));

test('children run under the scope in which the group was made', () =>
  testRun(async () => {
    const log: unknown[] = [];
    const outcome = timeout(10, async () => {
      await using group = new TaskGroup();
      group.spawn(() => sleepForever().catch((error: unknown) => log.push(isCancelled(error))));
      await group.join();
    });
    await expect(outcome).rejects.toThrow(TimeoutError);
    expect(log).toEqual([true]);
  }));

test('daemons run on after join(), and end with the block', () =>
  testRun(async () => {
    const log: string[] = [];
    {
      await using group = new TaskGroup();
      group.spawn(() => sleepForever().finally(() => log.push('daemon')), { daemon: true });
      group.spawn(() => sleep(5));
      await group.join();
      log.push('joined');
      await sleep(5);
    }
    expect(log).toEqual(['joined', 'daemon']);
  }));

test('disposing twice, or again while it goes on, waits for the same end', () =>
  testRun(async () => {
    const log: string[] = [];
    const group = new TaskGroup();
    group.defer(() => sleep(10).then(() => log.push('released')));
    const first = group[Symbol.asyncDispose]();
    await checkpoint();
    await group[Symbol.asyncDispose]();
    log.push('second');
    await first;
    await group[Symbol.asyncDispose]();
    expect(log).toEqual(['released', 'second']);
  }));

test('two disposals at once wait for the same children and the same release', () =>
  testRun(async (outer, loop) => {
    const log: string[] = [];
    const group = new TaskGroup();
    group.spawn(() => sleepForever().finally(() => shield(() => sleep(10))));
    group.defer(() => sleep(10).then(() => log.push('released')));
    const ends = ['first', 'second'].map((name) =>
      outer.spawn(() => group[Symbol.asyncDispose]().then(() => log.push(name))),
    );
    for (const end of ends) await end;
    expect(log).toEqual(['released', 'first', 'second']);
    expect(loop.now()).toBe(20);
  }));
