import { CancelScope, moveOnAfter, sleep } from '@ambit/core';
import { ParkingLot } from '@ambit/core/lowlevel';
import { settle, testRun } from '@ambit/core/testing';
import type { TaskGroup } from '@ambit/core';

/** Parks callers of these names in turn; a name is logged when its caller is woken. */
function parkAll(group: TaskGroup, lot: ParkingLot<string>, names: string, log: string[]): void {
  for (const name of names)
    group.spawn(async () => {
      log.push(name + (await lot.park()));
    });
}

describe('a parking lot', () => {
  // rule 234
  test('wakes first in, first out, as many as asked for', () =>
    testRun(async (group) => {
      const log: string[] = [];
      const lot = new ParkingLot<string>();
      parkAll(group, lot, 'abcde', log);
      expect(lot.size).toBe(5);
      expect(lot.unpark(1, '1')).toBe(1);
      await settle();
      expect(lot.unpark(2, '2')).toBe(2);
      expect(lot.unpark(0, '-')).toBe(0);
      await settle();
      expect(log).toEqual(['a1', 'b2', 'c2']);
      expect(lot.unpark(99, '3')).toBe(2);
      expect(lot.unpark(1, '4')).toBe(0);
      await settle();
      expect(log).toEqual(['a1', 'b2', 'c2', 'd3', 'e3']);
      expect(lot.size).toBe(0);
    }));

  test('unparkAll wakes those who wait now, not those who come meanwhile', () =>
    testRun(async (group) => {
      const log: string[] = [];
      const lot = new ParkingLot<string>();
      parkAll(group, lot, 'ab', log);
      expect(lot.unparkAll('!')).toBe(2);
      parkAll(group, lot, 'c', log);
      await settle();
      expect(log).toEqual(['a!', 'b!']);
      expect(lot.unpark(1, '?')).toBe(1);
    }));

  // rule 234
  test('forgets a caller that is cancelled, in the same tick', () =>
    testRun(async (group) => {
      const log: string[] = [];
      const lot = new ParkingLot<string>();
      const scope = new CancelScope();
      parkAll(group, lot, 'a', log);
      const onAbandon = (): void => void log.push(`abandoned: ${String(lot.size)} left`);
      group.spawn(() => scope.run(() => lot.park({ onAbandon })));
      parkAll(group, lot, 'c', log);
      scope.cancel();
      expect(lot.size).toBe(2);
      expect(lot.unpark(2, '')).toBe(2);
      await settle();
      expect(log).toEqual(['abandoned: 2 left', 'a', 'c']);
    }));

  // rule 21
  test('hands to the next if the first was cancelled earlier in the same tick', () =>
    testRun(async (group) => {
      const log: string[] = [];
      const lot = new ParkingLot<string>();
      const first = group.spawn(() => lot.park());
      parkAll(group, lot, 'b', log);
      first.cancel();
      expect(lot.unpark(1, ' has it')).toBe(1);
      await settle();
      expect(log).toEqual(['b has it']);
      expect(first.state).toBe('cancelled');
    }));

  // rule 20
  test('what was handed over stays handed over if the caller is cancelled in the same tick', () =>
    testRun(async (group) => {
      const lot = new ParkingLot<string>();
      const onAbandon = jest.fn();
      const first = group.spawn(() => lot.park({ onAbandon }));
      expect(lot.unpark(1, 'permit')).toBe(1);
      first.cancel();
      expect(await first).toBe('permit');
      expect(onAbandon).not.toHaveBeenCalled();
    }));

  test('head shows the data of the one who waits longest, and wakes him', () =>
    testRun(async (group) => {
      const lot = new ParkingLot<string, number>();
      expect(lot.head).toBeUndefined();
      const big = group.spawn(() => lot.park({ data: 3 }));
      const small = group.spawn(() => lot.park({ data: 1 }));
      const { head } = lot;
      expect(head?.data).toBe(3);
      big.cancel();
      expect(head?.wake('too late')).toBe(false);
      expect(lot.head?.data).toBe(1);
      expect(lot.head?.wake('yours')).toBe(true);
      expect(await small).toBe('yours');
      expect(lot.head).toBeUndefined();
    }));

  test('head skips those who are being cancelled at this moment', () =>
    testRun(async (group) => {
      const heads: (number | undefined)[] = [];
      const lot = new ParkingLot<string, number>();
      const scope = new CancelScope();
      for (const data of [1, 2]) {
        const onAbandon = (): void => void heads.push(lot.head?.data);
        group.spawn(() => scope.run(() => lot.park({ data, onAbandon })).catch(() => undefined));
        break;
      }
      group.spawn(() => lot.park({ data: 9 }));
      scope.cancel();
      expect(heads).toEqual([9]);
      lot.unparkAll('end');
    }));

  // rule 234
  test('repark moves callers in order to another lot, where they are cancelled and woken', () =>
    testRun(async (group) => {
      const log: string[] = [];
      const [from, to] = [new ParkingLot<string>(), new ParkingLot<string>()];
      parkAll(group, to, 'x', log);
      const moved = group.spawn(() => from.park());
      parkAll(group, from, 'bc', log);
      expect(from.repark(to, 2)).toBe(2);
      expect([from.size, to.size]).toEqual([1, 3]);
      moved.cancel();
      expect([from.size, to.size]).toEqual([1, 2]);
      expect(to.unparkAll('!')).toBe(2);
      expect(from.repark(from, 5)).toBe(1);
      expect(from.repark(to, Infinity)).toBe(1);
      expect(to.unpark(1, '?')).toBe(1);
      await settle();
      expect(log).toEqual(['x!', 'b!', 'c?']);
    }));

  test('park takes a signal, and cancelled on entry has no effect', () =>
    testRun(async () => {
      const lot = new ParkingLot();
      const controller = new AbortController();
      const wait = lot.park({ signal: controller.signal });
      expect(lot.size).toBe(1);
      controller.abort('web');
      expect(lot.size).toBe(0);
      await expect(wait).rejects.toBe('web');
      await expect(lot.park({ signal: controller.signal })).rejects.toBe('web');
      await moveOnAfter(0, () => lot.park());
      expect(lot.size).toBe(0);
    }));

  test('checks its arguments', async () => {
    const lot = new ParkingLot();
    expect(() => lot.unpark(-1)).toThrow(RangeError);
    expect(() => lot.unpark(1.5)).toThrow(RangeError);
    expect(() => lot.repark(lot, NaN)).toThrow(RangeError);
    await expect(lot.park({ onAbandon: 1 as never })).rejects.toThrow(TypeError);
    await expect(lot.park({ signal: {} as never })).rejects.toThrow(TypeError);
  });

  test('costs the same with many callers in it: cancelling and waking 20,000 is no square', () =>
    testRun(async (group) => {
      const lot = new ParkingLot();
      const scope = new CancelScope();
      const running = scope.run(async () => {
        for (let i = 0; i < 20_000; i += 1) void lot.park();
        await sleep(1);
      });
      group.spawn(() => lot.park());
      expect(lot.size).toBe(20_001);
      scope.cancel();
      expect(lot.size).toBe(1);
      lot.unparkAll();
      await running;
    }));
});
