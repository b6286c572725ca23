import {
  CancelScope,
  gather,
  gatherSettled,
  retry,
  run,
  sleep,
  TaskGroup,
  TaskGroupError,
  taskGroup,
  yieldNow,
} from '@ambit/core';
import { waitForEvent } from '@ambit/core/abort';
import { debounce, throttle } from '@ambit/core/actions';
import { interval, safe } from '@ambit/core/iter';
import { ParkingLot } from '@ambit/core/lowlevel';
import { cancelEverywhere, everyOrder, permute, testRun } from '@ambit/core/testing';
import { bad, called, testRejections, testThrows } from '../support/refusals.ts';

const { signal } = new AbortController();
const promise = Promise.resolve({ limit: 1 });
const flag = (where: string, value: string) => `${where} is ${value}; give true or false`;

describe('an object from which no option would be read is refused', () => {
  testRejections([
    [() => sleep(1, bad(signal)), 'sleep: options is an object (AbortSignal); give { signal }'],
    [() => retry(called, bad(promise)), 'retry: options is a promise; give an object, or nothing'],
    [() => gather([called], bad([1])), 'gather: options is an array of 1; give an object'],
    [() => taskGroup(called, bad(signal)), 'taskGroup: options is an object (AbortSignal)'],
  ]);
  testThrows([[() => new TaskGroup(bad(promise)), 'TaskGroup: options is a promise']]);

  test('and one of a class or without a prototype is taken', async () => {
    class Policy {
      attempts = 1;
    }
    await expect(retry(() => 1, new Policy())).resolves.toBe(1);
    const bare = Object.assign(Object.create(null) as object, { value: 2 });
    await expect(sleep(0, bare)).resolves.toBe(2);
  });
});

describe('a promise of functions is not taken for no functions', () => {
  const cure = 'tasks is a promise; give an array or a record of functions';
  testRejections([
    [() => gather(bad(promise)), `gather: ${cure}`],
    [() => gatherSettled(bad(promise)), `gatherSettled: ${cure}`],
  ]);
});

describe('what is set or given later is checked as what is given first', () => {
  testThrows([
    [
      () => {
        new CancelScope().shield = bad('yes');
      },
      flag('CancelScope: shield', '"yes"'),
    ],
    [() => debounce(called, 1, { leading: bad('x') }), flag('debounce: leading', '"x"')],
    [() => throttle(called, 1, { trailing: bad(null) }), flag('throttle: trailing', 'null')],
    [() => interval(1, { missed: bad(null) }), 'interval: missed is null; give'],
    [() => new TaskGroup().bind(called, { name: bad(null) }), 'bind: name is null, not a string'],
    [
      () => new TaskGroupError([new Error('x')]).split(bad(5)),
      'TaskGroupError.split: predicate is 5, not a function',
    ],
  ]);
  testRejections([
    [
      () => waitForEvent(new EventTarget(), 'x', { capture: bad(1) }),
      flag('waitForEvent: capture', '1'),
    ],
    [
      () => waitForEvent(new EventTarget(), 'x', { passive: bad('no') }),
      flag('waitForEvent: passive', '"no"'),
    ],
    [
      () => waitForEvent(new EventTarget(), Symbol('x')),
      'waitForEvent: eventName is Symbol(x); give the name of an event',
    ],
  ]);

  test('a name of a task', () =>
    testRun((group) => {
      const task = group.spawn(() => 1, { name: 'one' });
      expect(() => {
        task.name = bad(Symbol('x'));
      }).toThrow('Task: name is Symbol(x), not a string');
      expect(task.name).toBe('one');
    }));

  test('options of an iterator', async () => {
    const items = safe(() => [1]);
    expect(() => items.with(bad(signal))).toThrow('with: options is an object (AbortSignal)');
    await expect(items.with(bad(undefined))().next()).resolves.toMatchObject({ value: 1 });
  });
});

test('a line that is moved to what is no line loses no waiter', () =>
  testRun(async (group) => {
    const lot = new ParkingLot();
    const waiter = group.spawn(() => lot.park());
    expect(() => lot.repark(bad({}))).toThrow(
      'ParkingLot.repark: to is an object (Object), not a ParkingLot; give a ParkingLot',
    );
    expect(lot.size).toBe(1);
    lot.unpark();
    await waiter;
  }));

test('a time limit that no timer has room for is no short one', async () => {
  const end = performance.now() + 30;
  const body = async (): Promise<void> => {
    while (performance.now() < end) await yieldNow();
  };
  await expect(testRun(body, { limit: 1e12 })).resolves.toBeUndefined();
});

describe('a test on virtual time inside a run', () => {
  const around =
    'there is a run() around this call, or the body of a test on virtual time; call it';
  test.each([
    ['testRun', testRun],
    ['permute', permute],
    ['everyOrder', everyOrder],
    ['cancelEverywhere', cancelEverywhere],
  ])('is refused by %s, with the way out', async (name, start) => {
    const body = jest.fn(async () => {
      await start(() => undefined);
    });
    await expect(run(body)).rejects.toThrow(`${name}: ${around} outside`);
    expect(body).toHaveBeenCalledTimes(1);
  });
});
