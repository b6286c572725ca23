import { AsyncLocalStorage } from 'node:async_hooks';
import { CancelScope, currentScope, taskGroup } from '@ambit/core';

/** A promise of which `then` calls back in the context that it was made in. */
function elsewhere<T>(value: T): Promise<T> {
  const promise = Promise.resolve(value);
  const outside = AsyncLocalStorage.snapshot();
  promise.then = ((...reactions: Parameters<typeof promise.then>) =>
    Promise.prototype.then.apply(
      promise,
      reactions.map(
        (reaction) => reaction && ((result: never) => outside(() => reaction(result) as never)),
      ) as never,
    )) as typeof promise.then;
  return promise;
}

describe('a promise with a `then` of its own, which calls back from elsewhere', () => {
  test('ends the scope whose body returns it, and no other', async () => {
    const outer = new CancelScope({ name: 'outer' });
    await outer.run(async () => {
      const promise = elsewhere('done');
      const inner = new CancelScope({ name: 'inner' });
      expect(await inner.run(() => promise)).toBe('done');
      expect(currentScope()).toBe(outer);
      let told = 0;
      inner.onCancel(() => (told += 1));
      outer.onCancel(() => (told += 10));
      outer.cancel();
      expect(told).toBe(10);
    });
  });

  test('ends the task whose function returns it', async () => {
    const promise = elsewhere('done');
    const tasks = await taskGroup((group) => [group.spawn(() => promise), group.spawn(() => 1)]);
    expect(tasks.map((task) => task.result())).toEqual(['done', 1]);
  });
});
