import { CancelScope, getRunningLoop, moveOnAfter, schedule, sleep } from '@ambit/core';
import { testRun as trial, VirtualLoop } from '@ambit/core/testing';
import { memoryStore } from '@ambit/sync/lease';
import type { LeaseStore } from '@ambit/sync/lease';
import { TroubledStore } from '../support/troubled-store.ts';

/** Periods count from 1970: the time of day at the start decides the first tick. */
const testRun = (body: () => Promise<unknown>, seed?: number): Promise<unknown> =>
  trial(body, { loop: new VirtualLoop({ date: new Date('2026-03-01T12:00:00Z') }), seed });

const now = (): number => getRunningLoop().now();

interface Shared {
  readonly store: LeaseStore;
  readonly when: string | { readonly every: number };
  readonly name?: string;
}

/** Three nodes that begin at different instants, for a number of milliseconds. */
async function nodes(ms: number, { store, ...rest }: Shared): Promise<string[]> {
  const log: string[] = [];
  const { when, ...options } = { ...rest, once: store };
  const scope = new CancelScope();
  await scope.run(async () => {
    const ended = ['a', 'b', 'c'].map(async (node, index) => {
      await sleep(index * 7);
      await schedule(
        when,
        (due) => log.push(`${node} ${due.toISOString().slice(17, 23)}`),
        options,
      );
    });
    await sleep(ms);
    scope.drain();
    await Promise.all(ended);
  });
  return log;
}

const instantsOf = (log: readonly string[]): string[] => log.map((line) => line.slice(2));

describe('a schedule that many nodes share', () => {
  test.each([
    ['by a period', { every: 1000 }],
    ['by a cron expression', '* * * * * *'],
  ])('%s: exactly one runs each tick', (_, when) =>
    testRun(async () => {
      const log = await nodes(4500, { store: memoryStore(), when });
      expect(new Set(instantsOf(log)).size).toBe(4);
      expect(log).toHaveLength(4);
    }),
  );

  test('without a store each node runs each of its own', () =>
    testRun(async () => {
      let count = 0;
      const node = () => schedule({ every: 1000 }, () => void (count += 1));
      await moveOnAfter(2500, () => Promise.all([node(), node()]));
      expect(count).toBe(4);
    }));

  test('two schedules of different names do not take ticks from each other', () =>
    testRun(async () => {
      const log: string[] = [];
      const once = memoryStore();
      const begin = (name: string) =>
        schedule({ every: 1000 }, () => void log.push(name), { once, name });
      await moveOnAfter(1500, () => Promise.all([begin('backup'), begin('report')]));
      expect(log.sort()).toEqual(['backup', 'report']);
    }));

  test('a failure of the store is tried again, and the tick runs once', () =>
    testRun(async () => {
      const store = new TroubledStore();
      store.trouble.acquire = 'fails';
      getRunningLoop().callLater(1050, () => {
        delete store.trouble.acquire;
      });
      const log = await nodes(1500, { store, when: { every: 1000 } });
      expect(log).toHaveLength(1);
    }));

  test('a store that fails for good is the failure of the run', () =>
    testRun(async () => {
      const store = new TroubledStore();
      store.trouble.acquire = 'fails';
      const errors: unknown[] = [];
      await moveOnAfter(7900, () =>
        schedule({ every: 4000 }, () => undefined, {
          once: store,
          onError: (error) => errors.push(error),
        }),
      );
      expect(errors).toEqual([new Error('acquire failed')]);
      await expect(schedule({ every: 4000 }, () => undefined, { once: store })).rejects.toThrow(
        'acquire failed',
      );
    }));

  test('a store that does not answer ends with a cancellation, at once', () =>
    testRun(async () => {
      const store = new TroubledStore();
      store.trouble.acquire = 'hangs';
      await moveOnAfter(1500, () => schedule({ every: 1000 }, () => undefined, { once: store }));
      expect(now()).toBe(1500);
    }));

  test('a run that fails is not run by another node', () =>
    testRun(async () => {
      const once = memoryStore();
      let runs = 0;
      const errors: unknown[] = [];
      const node = () =>
        schedule(
          { every: 1000 },
          () => {
            runs += 1;
            throw new Error('no');
          },
          { once, onError: (error) => errors.push(error) },
        );
      await moveOnAfter(1500, () => Promise.all([node(), node()]));
      expect([runs, errors.length]).toEqual([1, 1]);
    }));

  test('bad arguments are refused at once', async () => {
    const once = memoryStore();
    const begin = (every: number, options: object) => schedule({ every }, () => undefined, options);
    await expect(begin(5, { once: {} })).rejects.toThrow(TypeError);
    await expect(begin(5, { once: null })).rejects.toThrow(TypeError);
    await expect(begin(0.5, { once })).rejects.toThrow(RangeError);
    await expect(begin(5, { once, name: 7 })).rejects.toThrow(TypeError);
    await expect(begin(5, { once, name: 'x'.repeat(401) })).rejects.toThrow(RangeError);
  });
});

test('what is left to chance goes by the seed', async () => {
  const instants = async (seed: number): Promise<number[]> => {
    const store = new TroubledStore();
    const asked: number[] = [];
    const once = {
      acquire: (request: Parameters<LeaseStore['acquire']>[0]) => {
        asked.push(now());
        return store.acquire(request);
      },
    };
    store.trouble.acquire = 'fails';
    await testRun(
      () => schedule({ every: 1000 }, () => undefined, { once }).catch(() => undefined),
      seed,
    );
    return asked;
  };
  expect(await instants(1)).toEqual(await instants(1));
  expect(await instants(1)).not.toEqual(await instants(2));
});
