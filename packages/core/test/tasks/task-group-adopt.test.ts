import { InvalidStateError, ResourceStack, taskGroup, TaskGroup } from '@ambit/core';
import { giveTo } from '@ambit/core/lowlevel';
import { testRun } from '@ambit/core/testing';

const logged = (log: string[], name: string): AsyncDisposable => ({
  [Symbol.asyncDispose]: async () => void log.push(`close ${name}`),
});

describe('adopt', () => {
  test('the group that took it over releases it, and the other one does not', () =>
    testRun(async () => {
      const log: string[] = [];
      await taskGroup(async (outer) => {
        await taskGroup((inner) => {
          const a = inner.use(logged(log, 'a'));
          inner.use(logged(log, 'b'));
          expect(outer.adopt(a)).toBe(a);
        });
        log.push('inner over');
      });
      expect(log).toEqual(['close b', 'inner over', 'close a']);
    }));

  test('what no group had is released once, among the others last first', () =>
    testRun(async () => {
      const log: string[] = [];
      await taskGroup((group) => {
        const a = group.use(logged(log, 'a'));
        group.use({ [Symbol.dispose]: () => void log.push('dispose b') });
        group.adopt(logged(log, 'c'));
        group.adopt(a);
      });
      expect(log).toEqual(['close a', 'close c', 'dispose b']);
    }));

  test('from a stack, also after it was moved', () =>
    testRun(async () => {
      const log: string[] = [];
      await taskGroup(async (group) => {
        await using first = new ResourceStack();
        const a = first.use(logged(log, 'a'));
        await using second = first.move();
        second.use(logged(log, 'b'));
        group.adopt(a);
        await second.disposeAsync();
        log.push('stack over');
      });
      expect(log).toEqual(['close b', 'stack over', 'close a']);
    }));

  test('a group that fails or is cancelled releases it too', () =>
    testRun(async () => {
      const log: string[] = [];
      const failing = taskGroup((group) => {
        group.adopt(logged(log, 'a'));
        throw new Error('no');
      });
      await expect(failing).rejects.toThrow('no');
      await taskGroup((group) => {
        group.cancel();
        group.adopt(logged(log, 'b'));
      });
      expect(log).toEqual(['close a', 'close b']);
    }));

  test('a handle with a way of its own is asked', () =>
    testRun(async () => {
      const asked: TaskGroup[] = [];
      await taskGroup((group) => {
        const handle = {
          [giveTo]: (to: TaskGroup) => void asked.push(to),
          [Symbol.asyncDispose]: () => Promise.reject(new Error('not by this group')),
        };
        expect(group.adopt(handle)).toBe(handle);
        expect(asked).toEqual([group]);
      });
    }));

  test('refuses what cannot be disposed of, and a group that has ended leaves it where it is', () =>
    testRun(async () => {
      const log: string[] = [];
      await taskGroup(async (group) => {
        for (const bad of [undefined, null, 5, 'x', {}, { [Symbol.dispose]: 1 }]) {
          expect(() => group.adopt(bad as never)).toThrow(TypeError);
        }
        expect(() => group.adopt(5 as never)).toThrow(/^adopt: handle is 5, which/);
        const ended = await taskGroup((inner) => inner);
        const handle = group.use(logged(log, 'a'));
        expect(() => ended.adopt(handle)).toThrow(InvalidStateError);
        expect(log).toEqual([]);
      });
      expect(log).toEqual(['close a']);
    }));
});
