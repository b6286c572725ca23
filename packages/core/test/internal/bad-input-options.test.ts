import {
  CancelScope,
  ContextVar,
  gather,
  gatherSettled,
  idleTimeout,
  race,
  retry,
  run,
  supervise,
  TaskGroup,
  taskGroup,
  timeout,
  timeoutAt,
  wait,
} from '@ambit/core';
import { waitForEvent } from '@ambit/core/abort';
import { mapConcurrent } from '@ambit/core/iter';
import { park, ParkingLot } from '@ambit/core/lowlevel';
import { testRun, VirtualLoop } from '@ambit/core/testing';
import { bad, called, testRejections, testThrows } from '../support/refusals.ts';

const flag = (where: string, value: string) => `${where} is ${value}; give true or false`;
const noText = (where: string, value: string) => `${where} is ${value}, not a string`;

describe('what is neither true nor false', () => {
  testThrows([
    [() => new CancelScope({ shield: bad('yes') }), flag('CancelScope: shield', '"yes"')],
    [() => new TaskGroup({ shield: bad(1) }), flag('TaskGroup: shield', '1')],
    [() => new TaskGroup().spawn(called, { daemon: bad(1) }), flag('spawn: daemon', '1')],
    [() => new VirtualLoop({ autojump: bad(null) }), flag('VirtualLoop: autojump', 'null')],
    [
      () => mapConcurrent([], called, { limit: 1, ordered: bad(0) }),
      flag('mapConcurrent: ordered', '0'),
    ],
  ]);
  testRejections([
    [() => taskGroup(called, { shield: bad(1) }), flag('taskGroup: shield', '1')],
    [() => new TaskGroup().start(called, { daemon: bad('x') }), flag('start: daemon', '"x"')],
    [() => run(called, { debug: bad('x') }), flag('run: debug', '"x"')],
    [() => run(called, { exitOnSignal: bad(0) }), flag('run: exitOnSignal', '0')],
    [() => park(called as never, { shield: bad(1) }), flag('park: shield', '1')],
    [() => new ParkingLot().park({ shield: bad(1) }), flag('ParkingLot.park: shield', '1')],
  ]);
});

describe('what is no text, or no name', () => {
  testThrows([[() => new ContextVar({ name: bad(5) }), noText('ContextVar: name', '5')]]);
  testRejections([
    [() => timeout(5, called, { message: bad(5) }), noText('timeout: message', '5')],
    [() => timeoutAt(5, called, { message: bad(null) }), noText('timeoutAt: message', 'null')],
    [
      () => idleTimeout(5, called, { message: bad({}) }),
      noText('idleTimeout: message', 'an object (Object)'),
    ],
    [
      () => waitForEvent(new EventTarget(), bad(undefined)),
      'waitForEvent: eventName is undefined; give the name of an event',
    ],
  ]);
});

describe('null is not nothing', () => {
  testRejections([
    [() => retry(called, { factor: bad(null) }), 'retry: factor is null, not a number'],
    [() => retry(called, { factor: bad('2') }), 'retry: factor is "2", not a number'],
    [() => supervise(called, { factor: bad('2') }), 'supervise: factor is "2", not a number'],
  ]);

  test('for wait()', () =>
    testRun(async (group) => {
      const tasks = [group.spawn(() => 1)];
      await expect(wait(tasks, { timeout: bad(null) })).rejects.toThrow('wait: timeout is null');
      await expect(wait(tasks, { until: bad(null) })).rejects.toThrow('wait: until is null');
    }));
});

describe('a hole in an array is no function', () => {
  // eslint-disable-next-line no-sparse-arrays -- as code that fills an array by index leaves them
  const holes = bad([, () => 1]);
  testRejections([
    [() => gather(holes), 'gather: tasks[0] is undefined, not a function'],
    [() => gatherSettled(holes), 'gatherSettled: tasks[0] is undefined, not a function'],
    [() => race(holes), 'race: tasks[0] is undefined, not a function'],
  ]);
});
