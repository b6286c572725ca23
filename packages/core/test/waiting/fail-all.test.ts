import { CancelScope } from '@ambit/core';
import { park, ParkingLot, sharingStack } from '@ambit/core/lowlevel';
import type { Waker } from '@ambit/core/lowlevel';
import { settle, testRun } from '@ambit/core/testing';
import type { TaskGroup } from '@ambit/core';

/** Parks callers with these data; what each wait comes to is logged. */
function parkAll(
  group: TaskGroup,
  lot: ParkingLot<string, number>,
  data: number[],
  log: string[],
): void {
  for (const each of data)
    group.spawn(() =>
      lot.park({ data: each }).then(
        (value) => log.push(`${each} ${value}`),
        (error: unknown) => log.push(`${each} ${(error as Error).message}`),
      ),
    );
}

test('failAll ends every wait, each with an error of its own; those that come later wait', () =>
  testRun(async (group) => {
    const log: string[] = [];
    const lot = new ParkingLot<string, number>();
    parkAll(group, lot, [1, 2, 3], log);
    expect(lot.failAll((data) => new Error(`no ${data}`))).toBe(3);
    parkAll(group, lot, [4], log);
    await settle();
    expect(log).toEqual(['1 no 1', '2 no 2', '3 no 3']);
    expect(lot.size).toBe(1);
    lot.unparkAll('yes');
    await settle();
    expect(log.at(-1)).toBe('4 yes');
  }));

test('failAll with a condition leaves the others in their order', () =>
  testRun(async (group) => {
    const log: string[] = [];
    const lot = new ParkingLot<string, number>();
    parkAll(group, lot, [5, 1, 6, 2, 7], log);
    const asked: number[] = [];
    const isAbove = (data: number): boolean => {
      asked.push(data);
      return data > 4;
    };
    expect(lot.failAll((data) => new Error(`${data} is too many`), isAbove)).toBe(3);
    expect(asked).toEqual([5, 1, 6, 2, 7]);
    await settle();
    expect(log).toEqual(['5 5 is too many', '6 6 is too many', '7 7 is too many']);
    lot.unpark(1, 'first');
    lot.unpark(1, 'second');
    await settle();
    expect(log.slice(3)).toEqual(['1 first', '2 second']);
  }));

test('failAll in the tick of a cancellation: the cancelled wait is not counted, and keeps its reason', () =>
  testRun(async (group) => {
    const log: string[] = [];
    const lot = new ParkingLot<string, number>();
    const scope = new CancelScope();
    const cancelled = scope.run(() => lot.park({ data: 1 }));
    parkAll(group, lot, [2], log);
    scope.cancel();
    expect(lot.failAll(() => new Error('closed'))).toBe(1);
    expect(await cancelled).toBeUndefined();
    await settle();
    expect(log).toEqual(['2 closed']);
  }));

test('errors that say the same share a stack; others have their own', () => {
  const make = sharingStack((text: string) => new Error(text));
  const [first, second, third] = [make('a'), make('a'), make('b')];
  expect(second).not.toBe(first);
  expect(second.stack).toBe(first.stack);
  expect(third.stack).toContain('Error: b');
  const limit = Error.stackTraceLimit;
  let count = 0;
  const broken = sharingStack(() => {
    count += 1;
    if (count > 1) throw new RangeError('broken');
    return new Error('a');
  });
  broken();
  expect(broken).toThrow(RangeError);
  expect(Error.stackTraceLimit).toBe(limit);
});

test('failAll checks its arguments', () => {
  const lot = new ParkingLot();
  expect(() => lot.failAll(new Error('closed') as never)).toThrow(/make is an object/);
  expect(() => lot.failAll(() => new Error('closed'), 1 as never)).toThrow(/where is 1/);
});

test('failAll reaches those behind a wait that is in the line more than once', () =>
  testRun(async (group) => {
    const log: string[] = [];
    const lot = new ParkingLot<string, number>();
    group.spawn(() =>
      park<string>((waker) => {
        const leaveAll = (): void => {
          for (const place of places) place.leave();
        };
        const both: Waker<string> = {
          wake: (value) => waker.wake(value),
          fail: (error) => {
            leaveAll();
            return waker.fail(error);
          },
        };
        const places = [lot.enlist(both, 1), lot.enlist(both, 2)];
        return leaveAll;
      }).catch((error: unknown) => log.push((error as Error).message)),
    );
    parkAll(group, lot, [3], log);
    expect(lot.failAll((data) => new Error(`no ${data}`))).toBe(2);
    await settle();
    expect([log, lot.size]).toEqual([['no 1', '3 no 3'], 0]);
  }));

test('failAll leaves those that a condition has taken out or put in', () =>
  testRun(async (group) => {
    const log: string[] = [];
    const lot = new ParkingLot<string, number>();
    const elsewhere = new ParkingLot<string, number>();
    parkAll(group, lot, [1, 2, 3], log);
    const where = (data: number): boolean => {
      if (data === 1) lot.repark(elsewhere, 2);
      if (data === 1) parkAll(group, lot, [4], log);
      return data !== 1;
    };
    expect(lot.failAll((data) => new Error(`no ${data}`), where)).toBe(1);
    await settle();
    expect([log, elsewhere.size, lot.size]).toEqual([['3 no 3'], 2, 1]);
    elsewhere.unparkAll('yes');
    lot.unparkAll('yes');
  }));
