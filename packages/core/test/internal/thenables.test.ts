import { runInNewContext } from 'node:vm';
import {
  CancelScope,
  concurrentMap,
  defineResource,
  moveOnAfter,
  sleep,
  use,
  waitFor,
} from '@ambit/core';
import { abortable } from '@ambit/core/abort';
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

const waits: [string, (work: PromiseLike<string>) => Promise<string>][] = [
  ['waitFor', (work) => waitFor(work, 1000)],
  ['abortable', (work) => abortable(work)],
];

// As those of Node's own functions are to code in a jest test.
test.each(waits)('%s, refused, leaves no promise of another realm unhandled', (_name, wait) =>
  testRun(async () => {
    const scope = new CancelScope();
    scope.cancel();
    const rejected = runInNewContext('Promise.reject(new Error("dropped"))') as Promise<string>;
    expect(rejected).not.toBeInstanceOf(Promise);
    await scope.run(() => wait(rejected));
    expect(scope.cancelCaught).toBe(true);
  }),
);

describe.each(waits)(
  '%s of a thenable that begins when it is asked, as a query builder does',
  (_name, wait) => {
    /** Counts how often it has begun. */
    class Query implements PromiseLike<string> {
      begun = 0;

      // A `then` of our own making is the point here.
      then<A, B>(
        fulfilled: (value: string) => A | PromiseLike<A>,
        rejected: (error: unknown) => B | PromiseLike<B>,
      ): Promise<A | B> {
        this.begun += 1;
        return sleep(1, { value: 'rows' }).then(fulfilled, rejected);
      }
    }

    test('begins it once', () =>
      testRun(async () => {
        const query = new Query();
        expect(await wait(query)).toBe('rows');
        expect(query.begun).toBe(1);
      }));

    test('does not begin it if the wait is refused', () =>
      testRun(async () => {
        const query = new Query();
        const scope = new CancelScope();
        scope.cancel();
        await scope.run(() => wait(query));
        await sleep(10);
        expect([scope.cancelCaught, query.begun]).toEqual([true, 0]);
      }));
  },
);
