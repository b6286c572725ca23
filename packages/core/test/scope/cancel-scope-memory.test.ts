import {
  CancelScope,
  getRunningLoop,
  moveOnAfter,
  run,
  sleep,
  sleepForever,
  taskGroup,
} from '@ambit/core';
import { park } from '@ambit/core/lowlevel';
import { collectGarbage, heapSize } from '../support/collect-garbage.ts';

/** Nests a body in so many scopes. */
async function nested(depth: number, body: () => Promise<unknown>): Promise<unknown> {
  if (depth === 0) return body();
  return new CancelScope({ timeout: 60_000 }).run(() => nested(depth - 1, body));
}

describe('after a garbage collection', () => {
  test.each([[1], [2], [3], [4], [5]])('a deadline still reaches a wait at depth %d', (depth) =>
    run(async () => {
      const log: string[] = [];
      const scope = new CancelScope();
      await scope.run(() =>
        nested(depth, async () => {
          const wait = sleepForever().finally(() => log.push('cut'));
          await new Promise(setImmediate);
          // Armed now; comes when the collection, which holds everything up, is over.
          scope.deadline = getRunningLoop().now() + 5;
          await collectGarbage();
          log.push('collected');
          await wait;
        }),
      );
      expect(log).toEqual(['collected', 'cut']);
      expect(scope.cancelCaught).toBe(true);
    }),
  );

  test.each([[1], [3], [5]])('an abort reaches consumers of a signal at depth %d', (depth) =>
    run(async () => {
      const controller = new AbortController();
      const log: string[] = [];
      const scope = new CancelScope({ signal: controller.signal });
      const running = scope.run(() =>
        nested(depth, async () => {
          await new CancelScope().run(async ({ signal }) => {
            signal.addEventListener('abort', () => log.push('heard'));
            await collectGarbage();
            controller.abort();
            await sleep(1);
          });
        }),
      );
      await running;
      expect(log).toEqual(['heard']);
      expect(scope.cancelCaught).toBe(true);
    }),
  );

  test('a wait that only its scope knows is cancelled', () =>
    run(async () => {
      const log: string[] = [];
      await moveOnAfter(20, async () => {
        const wait = park(() => () => log.push('undone'));
        await collectGarbage();
        await wait;
      });
      expect(log).toEqual(['undone']);
    }));
});

describe('what has ended is free to go', () => {
  // rule 37
  test('scopes, and what they were cancelled with', () =>
    run(async () => {
      const seen = await (async () => {
        const reason = { large: new Array(1000) };
        const scope = new CancelScope({ timeout: 1000 });
        await scope.run(({ signal }) => {
          signal.addEventListener('abort', () => undefined);
          scope.cancel(reason);
          return sleep(1);
        });
        return [new WeakRef(scope), new WeakRef(reason)];
      })();
      // On Node 26 an object can survive the first collection on a busy machine.
      await collectGarbage();
      await collectGarbage();
      expect(seen.map((each) => each.deref())).toEqual([undefined, undefined]);
    }));

  // rule 37
  test(
    'scopes by the thousands in one that lives on',
    () =>
      run(async () => {
        const many = async (): Promise<void> => {
          for (let i = 0; i < 5000; i += 1) {
            await moveOnAfter(1000, (scope) => {
              scope.onCancel(() => undefined);
              if (i % 2 === 0) scope.cancel();
              return sleep(0).catch(() => undefined);
            });
            await taskGroup((group) => group.spawn(() => undefined));
          }
        };
        await many();
        const before = await heapSize();
        await many();
        expect((await heapSize()) - before).toBeLessThan(1e6);
      }),
    20_000,
  );

  test('a chain of scopes, each opened inside the one before and outliving it', () =>
    run(async () => {
      let opened = 0;
      const seen: WeakRef<CancelScope>[] = [];
      // The last one stays open and held: through it those before would be.
      const last = await new Promise<CancelScope>((resolve) => {
        const step = (): void => {
          opened += 1;
          void new CancelScope().run(async (scope) => {
            if (opened <= 50) seen.push(new WeakRef(scope));
            await Promise.resolve();
            if (opened < 200) {
              step();
              return;
            }
            resolve(scope);
            await sleepForever();
          });
        };
        step();
      });
      await collectGarbage();
      expect(seen.filter((each) => each.deref() !== undefined)).toEqual([]);
      last.cancel();
    }));
});
