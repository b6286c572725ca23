import { CancelScope, suppressedErrors, taskGroup, TaskGroupError } from '@ambit/core';
import { suppress } from '@ambit/core/lowlevel';

/** What comes out of a scope that is cancelled when its body throws. */
async function outOf(make: (cancelled: Error) => unknown): Promise<unknown> {
  const scope = new CancelScope();
  return scope
    .run(() => {
      scope.cancel();
      throw make(scope.reason as Error) as Error;
    })
    .then(
      () => 'absorbed',
      (error: unknown) => error,
    );
}

// Made by hand: Node 20 has none.
class SuppressedError extends Error {
  override name = 'SuppressedError';
  readonly error: unknown;
  readonly suppressed: unknown;
  constructor(error: unknown, suppressed: unknown) {
    super('An error was suppressed during disposal.');
    this.error = error;
    this.suppressed = suppressed;
  }
}

const [a, b, c] = [new Error('a'), new Error('b'), new Error('c')];
const twice = (error: unknown, depth: number): unknown => {
  let aggregate = error;
  for (let level = 0; level < depth; level += 1)
    aggregate = new AggregateError([aggregate, aggregate]);
  return aggregate;
};
const nested = (error: unknown, depth: number): unknown => {
  let aggregate = error;
  for (let level = 0; level < depth; level += 1) aggregate = new AggregateError([aggregate]);
  return aggregate;
};
const ring = (...others: unknown[]): AggregateError => {
  const [first, second] = [new AggregateError([]), new AggregateError([])];
  first.errors.push(second, second, ...others);
  second.errors.push(first, first);
  return first;
};

describe('each part of an error is looked at once,', () => {
  test('where aggregates share it', async () => {
    const failure = twice(a, 50);
    expect(await outOf(() => failure)).toBe(failure);
    expect(await outOf((cancelled) => twice(cancelled, 50))).toBe('absorbed');
    const mixed = (await outOf((cancelled) =>
      twice(new AggregateError([cancelled, a]), 50),
    )) as AggregateError;
    expect(new TaskGroupError(mixed.errors).leaves()).toEqual([a]);
    expect(mixed.errors[0]).toBe(mixed.errors[1]);
  });

  test('where it is deep', async () => {
    expect(await outOf((cancelled) => nested(cancelled, 20_000))).toBe('absorbed');
    const failure = nested(a, 20_000);
    expect(await outOf(() => failure)).toBe(failure);
    expect(new TaskGroupError([failure]).leaves()).toEqual([a]);
  });

  test('where it is part of itself', async () => {
    const failure = ring(a);
    expect(await outOf(() => failure)).toBe(failure);
    const hollow = ring();
    expect(await outOf(() => hollow)).toBe(hollow);
    expect(await outOf((cancelled) => ring(cancelled))).toBe('absorbed');
    const mixed = (await outOf((cancelled) => ring(cancelled, a))) as AggregateError;
    expect(mixed.errors).toEqual([a]);
  });

  test('where errors are attached to each other in a ring', async () => {
    const [first, second] = ['1', '2'].map((text) => new DOMException(text, 'AbortError'));
    suppress(first, [second]);
    suppress(second, [first]);
    expect(await outOf(() => first)).toBe('absorbed');
    suppress(second, [b]);
    expect(await outOf(() => first)).toBe(b);
  });

  test('of 3,000 supervisors in each other, whose messages stay short', async () => {
    const open = async (level: number): Promise<void> => {
      await Promise.resolve();
      if (level === 0) throw a;
      await taskGroup((group) => void group.spawn(() => open(level - 1)), {
        onFailure: 'continue',
      });
    };
    const error = (await open(3000).catch((reason: unknown) => reason)) as TaskGroupError;
    expect(error.leaves()).toEqual([a]);
    expect(error.split((leaf) => leaf === a)[1]).toBeUndefined();
    expect(error.message.length).toBeLessThan(1000);
  });

  test('and the message of a supervisor with many failures stays short', async () => {
    const error = (await taskGroup(
      (group) => {
        for (let n = 0; n < 1000; n += 1)
          group.spawn(() => Promise.reject(new Error(`no ${String(n)}`)));
      },
      { onFailure: 'continue' },
    ).catch((reason: unknown) => reason)) as TaskGroupError;
    expect(error.errors).toHaveLength(1000);
    expect(error.message).toMatch(/^1000 failures in .*: no 0; .*; and 980 more$/);
  });
});

describe('the SuppressedError of the platform is read as ours:', () => {
  test('suppressedErrors() is its chain below the newest error, flat, each once', () => {
    expect(suppressedErrors(new SuppressedError(a, b))).toEqual([b]);
    expect(suppressedErrors(new SuppressedError(c, new SuppressedError(b, a)))).toEqual([b, a]);
    expect(suppressedErrors(new SuppressedError(new SuppressedError(c, b), a))).toEqual([b, a]);
    expect(suppressedErrors(new SuppressedError(a, new SuppressedError(b, a)))).toEqual([b]);
    const deep = Array.from({ length: 20_000 }).reduce<unknown>(
      (older) => new SuppressedError(b, older),
      a,
    );
    expect(suppressedErrors(deep)).toEqual([a]);
  });

  test('what was attached to it or to its parts is told too', () => {
    const newest = new Error('newest');
    suppress(newest, [b]);
    const error = new SuppressedError(newest, a);
    suppress(error, [c]);
    expect(new Set(suppressedErrors(error))).toEqual(new Set([b, a, c]));
  });

  test('cancellations go from it, and of one error left that error comes out', async () => {
    expect(await outOf((cancelled) => new SuppressedError(a, cancelled))).toBe(a);
    expect(await outOf((cancelled) => new SuppressedError(cancelled, a))).toBe(a);
    expect(await outOf((cancelled) => new SuppressedError(cancelled, cancelled))).toBe('absorbed');
    expect(
      await outOf((cancelled) => new SuppressedError(a, new SuppressedError(cancelled, cancelled))),
    ).toBe(a);
    const two = await outOf(
      (cancelled) => new SuppressedError(b, new SuppressedError(a, cancelled)),
    );
    expect(two).toMatchObject({ name: 'SuppressedError', error: b, suppressed: a });
    expect(two).toBeInstanceOf(SuppressedError);
    const failure = new SuppressedError(b, a);
    expect(await outOf(() => failure)).toBe(failure);
  });

  test('also as part of an aggregate', async () => {
    const error = await outOf(
      (cancelled) => new AggregateError([new SuppressedError(a, cancelled), cancelled, b]),
    );
    expect((error as AggregateError).errors).toEqual([a, b]);
  });
});

test('a mixed aggregate that is frozen loses its cancellations too, and keeps what was attached to it', async () => {
  const mixed = (await outOf((cancelled) => {
    const error = Object.freeze(new AggregateError([cancelled, a], 'two', { cause: c }));
    suppress(error, [b]);
    return error;
  })) as AggregateError;
  expect(mixed).toMatchObject({ message: 'two', cause: c });
  expect(mixed.errors).toEqual([a]);
  expect(suppressedErrors(mixed)).toEqual([b]);
  const pair = await outOf((cancelled) => Object.freeze(new SuppressedError(a, cancelled)));
  expect(pair).toBe(a);
});
