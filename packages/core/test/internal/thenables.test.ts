import { concurrentMap, defineResource, moveOnAfter, use, waitFor } from '@ambit/core';
import { testRun } from '@ambit/core/testing';
import { reportedErrors } from '../support/reported-errors.ts';

// Not by expect(): it would wait for what was thrown.
async function thrownBy(work: () => Promise<unknown>): Promise<{ readonly error: unknown }> {
  try {
    await work();
  } catch (error) {
    return { error };
  }
  throw new Error('nothing was thrown');
}

const plain = defineResource(async function* () {
  yield 'value';
});

describe('a promise that is thrown', () => {
  const pending = new Promise<never>(() => undefined);
  const throwing = (): never => {
    throw pending;
  };

  test('comes out of use() as it is, after the cleanup', () =>
    testRun(async () => {
      const thrown = await moveOnAfter(10, () => thrownBy(() => use(plain(), throwing)));
      expect(thrown?.error === pending).toBe(true);
    }));

  test('comes out of concurrentMap() as it is', () =>
    testRun(async () => {
      const thrown = await moveOnAfter(10, () =>
        thrownBy(() => concurrentMap([1], throwing, { limit: 1 })),
      );
      expect(thrown?.error === pending).toBe(true);
    }));
});

describe('waitFor() of a thenable', () => {
  type Then = (resolve: (value: string) => void, reject: (error: unknown) => void) => void;
  // A `then` of our own making is the point here.
  const thenable = (then: Then): PromiseLike<string> => ({ then }) as PromiseLike<string>;

  test('whose then throws: rejects, and leaves no timer behind', () =>
    testRun(async () => {
      const refusing = thenable(() => {
        throw new Error('refused');
      });
      // testRun fails for a timer that is left.
      await expect(waitFor(refusing, 60_000)).rejects.toThrow('refused');
    }));

  test('that resolves and then throws: the value stands, and nothing else is heard', () =>
    testRun(async () => {
      const both = thenable((resolve) => {
        resolve('value');
        throw new Error('too late');
      });
      const waits: Promise<string>[] = [];
      const reported = reportedErrors(() => waits.push(waitFor(both, 60_000)));
      expect([await waits[0], reported]).toEqual(['value', []]);
    }));
});
