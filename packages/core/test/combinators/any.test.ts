import {
  any,
  CancelScope,
  getRunningLoop,
  isCancelled,
  moveOnAfter,
  shield,
  sleep,
  sleepForever,
  throwIfCancelled,
} from '@ambit/core';
import { testRun } from '@ambit/core/testing';

async function failAfter(ms: number, error: unknown): Promise<never> {
  await sleep(ms);
  throw error;
}

/** Notes when it is called. */
function noting<T>(log: string[], name: string, fn: () => T): () => T {
  return () => {
    log.push(`${name} at ${String(getRunningLoop().now())}`);
    return fn();
  };
}

// rule 160
test('the first success wins; failures before it are forgotten, losers cancelled and waited for', () =>
  testRun(async (_group, loop) => {
    const log: string[] = [];
    const value = await any([
      () => failAfter(1, new Error('early')),
      () => sleep(5, { value: 'won' }),
      async () => {
        try {
          await sleepForever();
        } finally {
          await shield(() => sleep(10));
          log.push('loser cleaned up');
        }
      },
    ]);
    expect(value).toBe('won');
    expect(log).toEqual(['loser cleaned up']);
    expect(loop.now()).toBe(15);
  }));

// rules 94, 160
test('if all fail, rejects with an AggregateError of their errors in the order of the functions', () =>
  testRun(async () => {
    const errors = [new Error('slow'), new Error('fast'), new Error('at once')];
    const outcome = await any([
      () => failAfter(20, errors[0]),
      () => failAfter(10, errors[1]),
      () => Promise.reject(errors[2] as Error),
    ]).catch((error: unknown) => error);
    expect(outcome).toBeInstanceOf(AggregateError);
    expect((outcome as AggregateError).errors).toEqual(errors);
  }));

test('what a loser throws in its cleanup is dropped', () =>
  testRun(async () => {
    const value = await any([
      () => sleepForever().finally(() => Promise.reject(new Error('cleanup'))),
      () => sleep(1, { value: 'won' }),
    ]);
    expect(value).toBe('won');
  }));

// rule 94
test('of several that succeed in one tick exactly one wins, the first in time', () =>
  testRun(async () => {
    const fns = ['a', 'b', 'c'].map((value) => () => sleep(5, { value }));
    expect(await any(fns)).toBe('a');
  }));

test('a task that cancels itself has failed', () =>
  testRun(async () => {
    const value = await any([
      (task) => {
        task.cancel('mine');
        throwIfCancelled();
        return 'not this';
      },
      () => sleep(5, { value: 'won' }),
    ]);
    expect(value).toBe('won');
    const outcome = await any([
      async (task) => {
        task.cancel('mine');
        await sleepForever();
      },
    ]).catch((error: unknown) => error);
    const [own] = (outcome as AggregateError).errors as unknown[];
    expect(isCancelled(own) && own.reason).toBe('mine');
  }));

describe('with stagger', () => {
  // rule 160
  test('starts the next after the delay, and those started go on', () =>
    testRun(async () => {
      const log: string[] = [];
      const value = await any(
        [
          noting(log, 'a', () => sleep(25, { value: 'a' })),
          noting(log, 'b', () => sleepForever()),
          noting(log, 'c', () => sleepForever()),
          noting(log, 'd', () => sleepForever()),
        ],
        { stagger: 10 },
      );
      expect(value).toBe('a');
      expect(log).toEqual(['a at 0', 'b at 10', 'c at 20']);
    }));

  // rule 160
  test('starts the next at once when one fails', () =>
    testRun(async () => {
      const log: string[] = [];
      const value = await any(
        [
          noting(log, 'a', () => failAfter(3, new Error('a'))),
          noting(log, 'b', () => {
            throw new Error('b');
          }),
          noting(log, 'c', () => sleep(50, { value: 'c' })),
          noting(log, 'd', () => sleep(1, { value: 'd' })),
        ],
        { stagger: 10 },
      );
      expect(value).toBe('d');
      expect(log).toEqual(['a at 0', 'b at 3', 'c at 3', 'd at 13']);
    }));

  // rule 160
  test('with an infinite delay is a plain list of fallbacks', () =>
    testRun(async () => {
      const log: string[] = [];
      const errors = [new Error('a'), new Error('b')];
      const outcome = await any(
        errors.map((error, at) => noting(log, String(at), () => failAfter(5, error))),
        { stagger: Infinity },
      ).catch((error: unknown) => error);
      expect((outcome as AggregateError).errors).toEqual(errors);
      expect(log).toEqual(['0 at 0', '1 at 5']);
    }));

  test('starts nobody after one has succeeded', () =>
    testRun(async () => {
      const log: string[] = [];
      await any([noting(log, 'a', () => 1), noting(log, 'b', () => 2)], { stagger: 10 });
      expect(log).toEqual(['a at 0']);
    }));
});

// rule 160
test('cancelled from outside cancels all and waits for them', () =>
  testRun(async (_group, loop) => {
    const log: string[] = [];
    await moveOnAfter(15, () =>
      any(
        [
          noting(log, 'a', () => sleepForever().finally(() => shield(() => sleep(10)))),
          noting(log, 'b', () => sleepForever()),
          noting(log, 'c', () => sleepForever()),
        ],
        { stagger: 10 },
      ),
    );
    expect(log).toEqual(['a at 0', 'b at 10']);
    expect(loop.now()).toBe(25);
  }));

test('a failure during a cancellation from outside comes out', () =>
  testRun(async () => {
    const failure = new Error('cleanup');
    const scope = new CancelScope();
    const outcome = scope.run(() =>
      any([() => sleepForever().finally(() => Promise.reject(failure))]),
    );
    await sleep(1);
    scope.cancel();
    await expect(outcome).rejects.toBe(failure);
  }));

test('a success is kept if the caller is cancelled while the losers wind down', () =>
  testRun(async () => {
    const scope = new CancelScope();
    const value = await scope.run(() =>
      any([
        () => sleep(1, { value: 'won' }),
        async () => {
          await shield(() => sleep(5));
          scope.cancel();
        },
      ]),
    );
    expect(value).toBe('won');
  }));

test('in a cancelled scope calls nothing', () =>
  testRun(async () => {
    const log: string[] = [];
    await moveOnAfter(0, () => any([() => log.push('called')]));
    expect(log).toEqual([]);
  }));

test('without functions there is nobody to succeed: a TypeError', async () => {
  await expect(any([])).rejects.toThrow(
    new TypeError('any: there are no tasks; give at least one function'),
  );
});

describe('when', () => {
  test('false for an error ends it at once with that error itself', () =>
    testRun(async (_group, loop) => {
      const [busy, missing] = [new Error('busy'), new Error('not found')];
      const log: string[] = [];
      const attempt = any(
        [
          () => failAfter(1, busy),
          () => failAfter(5, missing),
          () => sleepForever().finally(() => log.push('cancelled')),
        ],
        { when: (error) => error !== missing },
      );
      await expect(attempt).rejects.toBe(missing);
      expect(log).toEqual(['cancelled']);
      expect(loop.now()).toBe(5);
    }));

  test('false keeps those that have not been started from being started', () =>
    testRun(async () => {
      const missing = new Error('not found');
      const second = jest.fn();
      const attempt = any([() => Promise.reject(missing), second], {
        stagger: 100,
        when: () => false,
      });
      await expect(attempt).rejects.toBe(missing);
      expect(second).not.toHaveBeenCalled();
    }));

  test('is awaited, and what it throws comes out', () =>
    testRun(async (_group, loop) => {
      const failing = () => failAfter(1, new Error('busy'));
      const slow = any([failing, () => sleep(100, { value: 'slow' })], {
        when: () => sleep(5, { value: true }),
      });
      expect(await slow).toBe('slow');
      const refusal = new Error('cannot tell');
      const when = () => Promise.reject(refusal);
      await expect(any([failing, () => sleepForever()], { when })).rejects.toBe(refusal);
      expect(loop.now()).toBe(101);
    }));

  test('is asked of each failure once, with the options as `this`', () =>
    testRun(async () => {
      const seen: unknown[] = [];
      const options = {
        when(this: unknown, error: unknown) {
          seen.push(error, this);
          return true;
        },
      };
      const [a, b] = [new Error('a'), new Error('b')];
      const attempt = any([() => failAfter(2, a), () => Promise.reject(b)], options);
      await expect(attempt).rejects.toMatchObject({ errors: [a, b] });
      expect(seen).toEqual([b, options, a, options]);
    }));

  test('has to be a function', async () => {
    await expect(any([() => 1], { when: true as never })).rejects.toThrow('any: when is true');
  });
});

test('with a stagger, one that throws at once has the next one started at once', () =>
  testRun(async (_group, loop) => {
    const failing = () => {
      throw new Error('at once');
    };
    expect(await any([failing, failing, () => 'third'], { stagger: 1000 })).toBe('third');
    expect(loop.now()).toBe(0);
  }));
