// A function that must answer at once: a promise, which is truthy, is not taken for its answer.
import { testRun } from '@ambit/core/testing';
import { Condition, memoize, PriorityQueue, Watch } from '@ambit/sync';

const never = () => Promise.resolve(false) as never;
const fails = () => Promise.reject(new Error('nobody sees this')) as never;

describe.each([
  ['resolves', never],
  ['rejects', fails],
])('with a promise that %s', (_, answer) => {
  test.each<[string, () => Promise<unknown>]>([
    ['Watch.waitFor: predicate', () => new Watch(1).waitFor(answer)],
    [
      'Watch.waitFor: predicate',
      () => {
        const watch = new Watch(1);
        const waiting = watch.waitFor((value) => (value === 1 ? false : answer()));
        watch.value = 2;
        return waiting;
      },
    ],
    [
      'Condition.waitFor: predicate',
      () => {
        const condition = new Condition();
        return condition.run(() => condition.waitFor(answer));
      },
    ],
    ['memoize: key', () => memoize((id: string) => Promise.resolve(id), { key: answer })('a')],
    [
      'PriorityQueue: compare',
      async () => {
        const queue = new PriorityQueue({ compare: answer });
        await queue.put(1);
        await queue.put(2).finally(() => {
          expect(queue.size).toBe(1);
        });
      },
    ],
  ])('%s', (name, call) =>
    testRun(async () => {
      const calling = call();
      await expect(calling).rejects.toThrow(TypeError);
      await expect(calling).rejects.toThrow(`${name} returned a promise`);
    }),
  );
});
