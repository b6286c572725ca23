import { sleep } from '@ambit/core';
import { settle, testRun } from '@ambit/core/testing';
import { TaskTracker } from '@ambit/sync';

test('waits until it is closed and what it tracks has ended, well or not', () =>
  testRun(async (group) => {
    // rule 272
    const tracker = new TaskTracker();
    const task = group.spawn(() => sleep(10, { value: 'value' }));
    expect(tracker.track(task)).toBe(task);
    const failing = tracker.track(sleep(20).then(() => Promise.reject(new Error('its own'))));
    const waiting = group.spawn(() => tracker.wait());
    await sleep(30);
    await expect(failing).rejects.toThrow('its own');
    expect(tracker.statistics()).toMatchObject({ closed: false, size: 0, waiting: 1 });
    expect(waiting.done).toBe(false);
    tracker.close();
    await waiting;
    await tracker.wait();
  }));

test('closed, it lets go when the last one ends; what is tracked after that does not matter', () =>
  testRun(async (group) => {
    // rule 272
    const tracker = new TaskTracker();
    void tracker.track(sleep(10).then(() => void tracker.track(sleep(10))));
    tracker.close();
    expect(tracker.closed).toBe(true);
    const waiting = group.spawn(() => tracker.wait());
    await sleep(15);
    // The first one tracked the second before it ended.
    expect([tracker.size, waiting.done]).toEqual([1, false]);
    await sleep(10);
    expect(waiting.done).toBe(true);
    const late = tracker.track(sleep(10));
    expect(tracker.size).toBe(1);
    await late;
  }));

test('a task tracked again before the waiter resumes does not hold it back', () =>
  testRun(async (group) => {
    // rule 272
    const tracker = new TaskTracker();
    const waiting = group.spawn(() => tracker.wait());
    await settle();
    tracker.close();
    const other = tracker.track(sleep(10));
    await settle();
    expect([waiting.done, tracker.size]).toEqual([true, 1]);
    await other;
  }));

test('close() while empty lets go, though it is reopened before the waiter resumes', () =>
  testRun(async (group) => {
    // rule 272
    const tracker = new TaskTracker();
    const waiting = group.spawn(() => tracker.wait());
    await settle();
    tracker.close();
    tracker.reopen();
    await settle();
    expect(waiting.done).toBe(true);
    const second = group.spawn(() => tracker.wait());
    await settle();
    expect(second.done).toBe(false);
    tracker.close();
  }));

test('open, the end of the last one lets nobody go', () =>
  testRun(async (group) => {
    // rule 272
    const tracker = new TaskTracker();
    const waiting = group.spawn(() => tracker.wait());
    await tracker.track(sleep(10));
    await settle();
    expect(waiting.done).toBe(false);
    tracker.close();
  }));

type Then = (resolve: (value: unknown) => void, reject: (error: unknown) => void) => void;

test.each<[string, Then]>([
  [
    'calls back twice',
    (resolve, reject) => {
      resolve(1);
      resolve(2);
      reject(new Error('too late'));
    },
  ],
  [
    'throws',
    () => {
      throw new Error('refused');
    },
  ],
  [
    'calls back and then throws',
    (resolve) => {
      resolve(1);
      throw new Error('too late');
    },
  ],
])('work whose then %s ends once', (_, then) =>
  testRun(async () => {
    const tracker = new TaskTracker();
    const work = { then } as unknown as PromiseLike<unknown>;
    expect(tracker.track(work)).toBe(work);
    expect(tracker.size).toBe(1);
    tracker.close();
    await tracker.wait();
    expect(tracker.size).toBe(0);
  }),
);
