import { Future, sleep } from '@ambit/core';
import { noteUnclosed, park, ParkingLot, whenDone } from '@ambit/core/lowlevel';
import { settle, testRun } from '@ambit/core/testing';

describe('ParkingLot.enlist', () => {
  test('stands in several lines at once, in order with those who park', () =>
    testRun(async (group) => {
      const doors = [new ParkingLot<string>(), new ParkingLot<string>()] as const;
      const first = group.spawn(() => doors[1].park());
      const both = group.spawn(() =>
        park<string>((waker) => {
          const places = doors.map((door) => door.enlist(waker));
          return () => {
            for (const place of places) place.leave();
          };
        }),
      );
      expect(doors.map(({ size }) => size)).toEqual([1, 2]);
      doors[1].unpark(1, 'a');
      doors[1].unpark(1, 'b');
      expect(await Promise.all([first, both])).toEqual(['a', 'b']);
      // Its other place is deserted: skipped, and then gone.
      expect(doors[0].head).toBe(undefined);
      expect(doors[0].size).toBe(0);
    }));

  test('the undo leaves all lines when the wait is cancelled', () =>
    testRun(async (group) => {
      const door = new ParkingLot<void, string>();
      const task = group.spawn(() =>
        park<void>((waker) => {
          const place = door.enlist(waker, 'data');
          return () => {
            expect([place.leave(), place.leave()]).toEqual([true, false]);
          };
        }),
      );
      expect(door.head?.data).toBe('data');
      task.cancel();
      expect(door.size).toBe(0);
    }));

  test('a waker of another make that answers false is not counted', () => {
    const door = new ParkingLot<number>();
    const got: number[] = [];
    const waker = (isThere: boolean) => ({
      wake: (value: number) => isThere && got.push(value) > 0,
      fail: () => isThere,
    });
    for (const isThere of [false, true, false, true, false]) door.enlist(waker(isThere));
    expect(door.unpark(1, 1)).toBe(1);
    expect(door.unparkAll(2)).toBe(1);
    expect(got).toEqual([1, 2]);
    expect(door.size).toBe(0);
  });
});

test('a place can be failed: its wait rejects, once', () =>
  testRun(async () => {
    const door = new ParkingLot();
    const failure = new Error('closed');
    const wait = door.park();
    const place = door.head;
    expect([place?.fail(failure), place?.fail(failure), place?.wake()]).toEqual([
      true,
      false,
      false,
    ]);
    await expect(wait).rejects.toBe(failure);
    expect(door.size).toBe(0);
  }));

describe('whenDone', () => {
  test('calls back in the tick in which a task or a future is done, at once if it is already', () =>
    testRun(async (group) => {
      const log: string[] = [];
      const task = group.spawn(() => sleep(10));
      const future = new Future<number>();
      whenDone(task, () => log.push('task'));
      whenDone(future, () => log.push('future'));
      const undo = whenDone(future, () => log.push('never'));
      undo();
      undo();
      future.resolve(1);
      expect(log).toEqual(['future']);
      await task;
      expect(log).toEqual(['future', 'task']);
      whenDone(task, () => log.push('again'))();
      expect(log).toEqual(['future', 'task', 'again']);
    }));

  test('refuses anything else', () => {
    expect(() => whenDone(Promise.resolve() as never, () => undefined)).toThrow(
      'whenDone: a promise is neither a task nor a future',
    );
    expect(() => whenDone(new Future(), 1 as never)).toThrow(TypeError);
  });
});

test('noteUnclosed does nothing outside of debug mode', () =>
  testRun(async () => {
    expect(noteUnclosed({}, 'it')).toBe(undefined);
    await settle();
  }));
