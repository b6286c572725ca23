import { CancelScope } from '@ambit/core';
import { ParkingLot, Tally } from '@ambit/core/lowlevel';
import { settle, testRun } from '@ambit/core/testing';

test('a lot knows the most that ever waited', () =>
  testRun(async () => {
    const lot = new ParkingLot();
    expect(lot.peak).toBe(0);
    const waits = [lot.park(), lot.park()];
    lot.unpark();
    waits.push(lot.park());
    expect([lot.size, lot.peak]).toEqual([2, 2]);
    lot.unparkAll();
    await Promise.all(waits);
    expect([lot.size, lot.peak]).toEqual([0, 2]);
  }));

test('a tally counts the callers of several lines as one', () =>
  testRun(async (group) => {
    const tally = new Tally();
    const [a, b] = [new ParkingLot(), new ParkingLot()];
    a.tally = b.tally = tally;
    const scope = new CancelScope();
    const cut = group.spawn(() => scope.run(() => a.park()));
    const waits = [a.park(), b.park()];
    expect([tally.size, tally.peak]).toEqual([3, 3]);
    scope.cancel();
    expect(tally.size).toBe(2);
    a.repark(b);
    expect([tally.size, tally.peak, b.peak]).toEqual([2, 3, 2]);
    b.unparkAll();
    await Promise.all([cut, ...waits]);
    await settle();
    expect([tally.size, tally.peak]).toEqual([0, 3]);
  }));
