import { CancelScope, ContextVar, currentScope, currentTask, isCancelled } from '@ambit/core';
import { shield, sleep, sleepForever, suppressedErrors, TaskGroup, timeout } from '@ambit/core';
import { safe } from '@ambit/core/iter';
import { settle, testRun } from '@ambit/core/testing';
import { collect } from '../support/iter-sources.ts';

describe('safe', () => {
  // rule 224
  test('left early, ends the generator at its yield, and waits for its finally', () =>
    testRun(async () => {
      const log: string[] = [];
      const numbers = safe(async function* () {
        try {
          for (let item = 0; ; item += 1) {
            yield item;
            log.push(`after ${String(item)}`);
          }
        } finally {
          await sleep(50);
          log.push('finally');
        }
      });
      for await (const item of numbers()) if (item === 1) break;
      log.push('after the loop');
      expect(log).toEqual(['after 0', 'finally', 'after the loop']);
    }));

  // rule 224
  test('left early in a cancelled scope, still waits for its finally', () =>
    testRun(async () => {
      const log: string[] = [];
      const numbers = safe(async function* () {
        try {
          yield 1;
        } finally {
          await sleep(50);
          log.push('finally');
        }
      });
      const scope = new CancelScope();
      await scope.run(async () => {
        for await (const item of numbers()) {
          scope.cancel();
          if (item === 1) break;
        }
        log.push('after the loop');
      });
      expect(log).toEqual(['finally', 'after the loop']);
    }));

  // rule 225
  test('does not run ahead: it goes on when the next item is asked for', () =>
    testRun(async () => {
      const log: string[] = [];
      const numbers = safe(async function* () {
        for (let item = 0; item < 3; item += 1) {
          log.push(`makes ${String(item)}`);
          yield item;
        }
      });
      for await (const item of numbers()) {
        await settle();
        log.push(`uses ${String(item)}`);
      }
      const steps = [0, 1, 2].flatMap((item) => [`makes ${String(item)}`, `uses ${String(item)}`]);
      expect(log).toEqual(steps);
    }));

  // rule 226
  test('its error arrives bare, and once', () =>
    testRun(async () => {
      const error = new Error('in the generator');
      const items = safe(async function* (): AsyncGenerator<number> {
        yield 1;
        throw error;
      })();
      expect(await items.next()).toEqual({ done: false, value: 1 });
      await expect(items.next()).rejects.toBe(error);
      expect(suppressedErrors(error)).toEqual([]);
      expect(await items.next()).toEqual({ done: true, value: undefined });
      expect(await items.return?.()).toEqual({ done: true, value: undefined });
    }));

  // rule 226: what the loop throws hides, in JavaScript, what return() rejects with.
  test('its error in cleanup comes out of a break; after a throw the language keeps the throw', () =>
    testRun(async () => {
      const error = new Error('in cleanup');
      const numbers = safe(async function* () {
        try {
          yield 1;
        } finally {
          await Promise.reject(error);
        }
      });
      const leave = async (): Promise<void> => {
        for await (const item of numbers()) if (item === 1) break;
      };
      await expect(leave()).rejects.toBe(error);
      const own = new Error('in the loop');
      const fail = async (): Promise<void> => {
        for await (const item of numbers()) if (item === 1) throw own;
      };
      await expect(fail()).rejects.toBe(own);
    }));

  // rule 227
  test('a scope around a yield never cancels the consumer, and stays the generator’s', () =>
    testRun(async () => {
      const log: unknown[] = [];
      const numbers = safe(async function* () {
        const group = new TaskGroup({ timeout: 10, name: 'around the yield' });
        group.spawn(() => sleepForever());
        try {
          yield 1;
          await group.join();
        } catch (error) {
          log.push((error as Error).name);
        } finally {
          await group[Symbol.asyncDispose]();
        }
        yield 2;
      });
      for await (const item of numbers()) {
        await sleep(100);
        expect(currentScope().reason).toBeUndefined();
        log.push(item);
      }
      expect(log).toEqual([1, 'TimeoutError', 2]);
    }));

  // rule 227
  test('runs in one task and one scope, not in those of who asks', () =>
    testRun(async () => {
      const user = new ContextVar<string>();
      const seen: unknown[][] = [];
      const numbers = safe(async function* named() {
        for (;;) {
          seen.push([currentTask(), currentScope(), user.get()]);
          yield 1;
        }
      });
      const items = numbers();
      await user.run('first', () => items.next());
      await timeout(10, () => user.run('second', () => items.next()));
      await sleep(20);
      await items.next();
      await items.return?.();
      expect(new Set(seen.map(([task]) => task)).size).toBe(1);
      expect(new Set(seen.map(([, scope]) => scope)).size).toBe(1);
      expect(seen.map(([, , name]) => name)).toEqual(['first', 'first', 'first']);
      expect(seen[0]![0]).not.toBe(currentTask());
    }));

  // rule 228
  test('cancelled before the first next(), never begins; closed, has no more items', () =>
    testRun(async () => {
      const body = jest.fn();
      const numbers = safe(async function* () {
        body();
        yield await Promise.resolve(1);
      });
      const scope = new CancelScope();
      scope.cancel();
      await scope.run(async () => {
        const error = await collect(numbers()).catch((caught: unknown) => caught);
        expect(isCancelled(error)).toBe(true);
      });
      const items = numbers();
      await items[Symbol.asyncDispose]();
      expect(await collect(items)).toEqual([]);
      expect(body).not.toHaveBeenCalled();
    }));

  // rule 228
  test('closed while it waits, ends there', () =>
    testRun(async (group) => {
      const log: string[] = [];
      const items = safe(async function* () {
        try {
          yield await sleepForever();
        } finally {
          await shield(() => sleep(10));
          log.push('finally');
        }
      })();
      group.spawn(async () => {
        expect(await collect(items)).toEqual([]);
        log.push('no items');
      });
      await settle();
      await items.return?.();
      await settle();
      expect(log).toEqual(['finally', 'no items']);
    }));
});
