import {
  CancelScope,
  checkpoint,
  gather,
  isCancelled,
  sleep,
  sleepForever,
  taskGroup,
  timeout,
} from '@ambit/core';
import { testRun } from '@ambit/core/testing';

async function caught(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

/** Runs a body in a scope that is cancelled, and gives what comes out. */
async function cancelled(body: (scope: CancelScope) => unknown): Promise<[unknown, CancelScope]> {
  const scope = new CancelScope();
  const outcome = await caught(
    scope.run((given) => {
      given.cancel();
      return body(given);
    }),
  );
  return [outcome, scope];
}

describe('a cancelled scope takes for its cancellation', () => {
  const abortError = new DOMException('aborted', 'AbortError');

  test.each<[string, (scope: CancelScope) => unknown]>([
    ['its own reason', (scope) => scope.reason],
    ['an AbortError by name', () => abortError],
    ['an AbortError that is no Error at all', () => ({ name: 'AbortError' })],
    // rule 22
    ['an aggregate of nothing else', (scope) => new AggregateError([scope.reason, abortError])],
    [
      'a nested aggregate of nothing else',
      (scope) => new AggregateError([new AggregateError([scope.reason])]),
    ],
  ])('%s', (_what, make) =>
    testRun(async () => {
      const [outcome, scope] = await cancelled((given) => Promise.reject(make(given)));
      expect(outcome).toBeUndefined();
      expect(scope.cancelCaught).toBe(true);
    }),
  );

  test('the reason of the signal that cancelled it', () =>
    testRun(async () => {
      const signal = AbortSignal.abort('gone');
      const scope = new CancelScope({ signal });
      await scope.run(() => Promise.reject(signal.reason));
      expect(scope.cancelCaught).toBe(true);
    }));

  test('what consumers of its signal reject with', () =>
    testRun(async () => {
      const scope = new CancelScope();
      const { setTimeout: nodeSleep } = await import('node:timers/promises');
      const running = scope.run(({ signal }) => nodeSleep(10_000, undefined, { signal }));
      scope.cancel();
      await expect(running).resolves.toBeUndefined();
      expect(scope.cancelCaught).toBe(true);
    }));
});

describe('a cancelled scope takes for a failure', () => {
  test.each<[string, (scope: CancelScope) => Error]>([
    ['an ordinary error', () => new Error('disk full')],
    [
      'an error that has the cancellation as its cause',
      (scope) => new Error('could not save', { cause: scope.reason }),
    ],
    ['an empty aggregate', () => new AggregateError([])],
    ['a TimeoutError by name', () => new DOMException('too late', 'TimeoutError')],
  ])('%s', (_what, make) =>
    testRun(async () => {
      let error: Error | undefined;
      const [outcome, scope] = await cancelled((given) => {
        error = make(given);
        throw error;
      });
      expect(outcome).toBe(error);
      expect(scope.cancelCaught).toBe(false);
    }),
  );

  // rule 22
  test('what is left of a mixed aggregate without the cancellations in it', () =>
    testRun(async () => {
      const kept = new Error('kept', { cause: 'because' });
      const cause = new Error('cause of the whole');
      const [outcome] = await cancelled((scope) => {
        throw new AggregateError(
          [scope.reason, new AggregateError([scope.reason]), new AggregateError([kept], 'inner')],
          'outer',
          { cause },
        );
      });
      expect(outcome).toBeInstanceOf(AggregateError);
      expect(outcome).toMatchObject({ message: 'outer', cause });
      const inner = (outcome as AggregateError).errors as AggregateError[];
      expect(inner).toHaveLength(1);
      expect(inner[0]?.message).toBe('inner');
      expect(inner[0]?.errors[0]).toBe(kept);
      expect(kept.cause).toBe('because');
    }));
});

// rule 23
test('an inner scope passes an aggregate on untouched if an outer one is cancelled', () =>
  testRun(async () => {
    const failure = new Error('failure');
    const outer = new CancelScope();
    const inner = new CancelScope();
    const seen: unknown[] = [];
    let mixed: AggregateError | undefined;
    const outcome = await caught(
      outer.run(async () => {
        try {
          await inner.run(() => {
            inner.cancel();
            outer.cancel();
            mixed = new AggregateError([outer.reason, failure]);
            throw mixed;
          });
        } catch (error) {
          seen.push(error);
          throw error;
        }
      }),
    );
    expect(seen).toEqual([mixed]);
    expect(seen[0]).toBe(mixed);
    expect((outcome as AggregateError).errors).toEqual([failure]);
  }));

// rule 23
test('a scope that nobody cancelled passes a mixed aggregate on untouched', () =>
  testRun(async () => {
    const other = new CancelScope();
    other.cancel();
    const mixed = new AggregateError([other.reason, new Error('failure')]);
    const outcome = await caught(
      new CancelScope().run(() => {
        throw mixed;
      }),
    );
    expect(outcome).toBe(mixed);
    expect(mixed.errors).toHaveLength(2);
  }));

describe('a scope that nobody cancelled', () => {
  // rule 24
  test.each<[string, () => unknown]>([
    ['a foreign AbortError', () => new DOMException('aborted', 'AbortError')],
    [
      'the CancelledError of a scope that is elsewhere',
      () => {
        const other = new CancelScope();
        other.cancel();
        return other.reason;
      },
    ],
  ])('never swallows %s', (_what, make) =>
    testRun(async () => {
      const error = make();
      const fail = (): Promise<never> => Promise.reject(error);
      const scope = new CancelScope();
      expect(await caught(scope.run(fail))).toBe(error);
      expect(scope.cancelCaught).toBe(false);
      expect(await caught(timeout(100, fail))).toBe(error);
      expect(await caught(gather([fail]))).toBe(error);
      expect(await caught(taskGroup(fail))).toBe(error);
    }),
  );

  // rule 24
  test('lets a CancelledError kept from before through as a failure', () =>
    testRun(async () => {
      let kept: unknown;
      const first = new CancelScope();
      await first.run(async () => {
        first.cancel();
        await checkpoint().catch((error: unknown) => {
          kept = error;
        });
      });
      expect(isCancelled(kept)).toBe(true);
      const task = await taskGroup(async (group) => {
        const spawned = group.spawn(() => Promise.reject(kept));
        await sleep(1).catch(() => undefined);
        return spawned;
      }).catch((error: unknown) => error);
      expect(task).toBe(kept);
    }));
});

test('a SuppressedError of two cancellations, from disposing in a cancelled scope, is one', () =>
  testRun(async () => {
    const scope = new CancelScope();
    await scope.run(async () => {
      scope.cancel();
      await using _resource = { [Symbol.asyncDispose]: () => sleepForever() };
      await sleep(1);
    });
    expect(scope.cancelCaught).toBe(true);
  }));
