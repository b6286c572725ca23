import {
  CancelScope,
  currentScope,
  getRunningLoop,
  moveOnAfter,
  moveOnAt,
  sleep,
  sleepForever,
} from '@ambit/core';
import { testRun } from '@ambit/core/testing';
import { failureOf } from '../support/failures.ts';

const now = (): number => getRunningLoop().now();

describe('moveOnAfter()', () => {
  // rule 135
  test('gives undefined when it runs out, and says so by cancelCaught', () =>
    testRun(async () => {
      const scopes: CancelScope[] = [];
      const cut = await moveOnAfter(10, (scope) => {
        scopes.push(scope);
        return sleep(99, { value: 'never' });
      });
      const own = await moveOnAt(now() + 10, async (scope) => {
        scopes.push(scope);
        return sleep(1, { value: undefined });
      });
      expect([cut, own, now()]).toEqual([undefined, undefined, 11]);
      expect(scopes.map(({ cancelCaught }) => cancelCaught)).toEqual([true, false]);
    }));

  // rule 135
  test('passes on values and errors of the body', () =>
    testRun(async () => {
      expect(await moveOnAfter(10, () => sleep(1, { value: 'value' }))).toBe('value');
      expect(await moveOnAfter(Infinity, () => 'at once')).toBe('at once');
      const failure = new Error('own');
      expect(await failureOf(moveOnAfter(10, () => Promise.reject(failure)))).toBe(failure);
      const cleanup = moveOnAfter(1, () => sleepForever().finally(() => Promise.reject(failure)));
      expect(await failureOf(cleanup)).toBe(failure);
    }));

  test('up to an instant that has passed cuts at the first checkpoint', () =>
    testRun(async () => {
      await sleep(10);
      expect(await moveOnAt(3, () => sleep(0, { value: 'never' }))).toBeUndefined();
      expect(currentScope().reason).toBeUndefined();
    }));

  // rule 29
  test('checks its arguments', async () => {
    await expect(moveOnAfter(NaN, () => 1)).rejects.toThrow(RangeError);
    await expect(moveOnAt(NaN, () => 1)).rejects.toThrow(RangeError);
    await expect(moveOnAfter(1, 'no function' as never)).rejects.toThrow(TypeError);
  });
});
