import { CancelScope, TaskGroup } from '@ambit/core';
import { testRun } from '@ambit/core/testing';

const failure = new Error('lost');

async function disposed(look: (group: TaskGroup) => Promise<unknown>): Promise<unknown> {
  const group = new TaskGroup();
  const task = group.spawn(() => Promise.reject(failure));
  await look(group).catch(() => undefined);
  await task.stop();
  return group[Symbol.asyncDispose]().then(
    () => 'nothing',
    (error: unknown) => error,
  );
}

const firstOf = (group: TaskGroup) => [...group.tasks][0];

test('a join that is refused has not seen the failure, which still comes out of the group', () =>
  testRun(async () => {
    expect(await disposed(async (group) => firstOf(group)?.join(5 as never))).toBe(failure);
    const signal = AbortSignal.abort();
    expect(await disposed(async (group) => firstOf(group)?.join({ signal }))).toBe(failure);
    const cancelled = new CancelScope();
    cancelled.cancel();
    const within = (group: TaskGroup) => cancelled.run(() => firstOf(group)?.join());
    expect(await disposed(within)).toBe(failure);
  }));

test('a join that was given the failure has seen it', () =>
  testRun(async () => {
    expect(await disposed(async (group) => firstOf(group)?.join())).toBe('nothing');
  }));
