import {
  any,
  CancelScope,
  concurrentMap,
  gather,
  moveOnAfter,
  moveOnAt,
  retry,
  run,
  shield,
  sleep,
  sleepUntil,
  TaskGroup,
  taskGroup,
  timeout,
  timeoutAt,
  waitFor,
} from '@ambit/core';
import { ParkingLot } from '@ambit/core/lowlevel';
import { testRun, VirtualLoop } from '@ambit/core/testing';
import { bad, called, testRejections, testThrows } from '../support/refusals.ts';
import type { Refusal } from '../support/refusals.ts';

describe('what is no time', () => {
  testRejections([
    [
      () => sleep(NaN),
      'sleep: ms is NaN; give milliseconds as a number (Infinity means never)',
      RangeError,
    ],
    [() => sleep(bad('5')), 'sleep: ms is "5", not a number; give milliseconds as a number'],
    [() => sleepUntil(NaN), 'sleepUntil: instant is NaN', RangeError],
    [() => timeout(NaN, called), 'timeout: ms is NaN', RangeError],
    [() => timeout(bad(undefined), called), 'timeout: ms is undefined, not a number'],
    [() => timeoutAt(NaN, called), 'timeoutAt: instant is NaN', RangeError],
    [() => moveOnAfter(NaN, called), 'moveOnAfter: ms is NaN', RangeError],
    [() => moveOnAt(NaN, called), 'moveOnAt: instant is NaN', RangeError],
    [() => shield(called, { timeout: NaN }), 'shield: timeout is NaN', RangeError],
    [() => waitFor(called, NaN), 'waitFor: ms is NaN', RangeError],
    [() => any([called], { stagger: NaN }), 'any: stagger is NaN', RangeError],
    [() => retry(called, { delay: NaN }), 'retry: delay is NaN', RangeError],
    [() => retry(called, { maxDelay: NaN }), 'retry: maxDelay is NaN', RangeError],
    [() => retry(called, { timeout: bad('5') }), 'retry: timeout is "5", not a number'],
    [() => retry(called, { factor: -1 }), 'retry: factor is -1; give a number from 0', RangeError],
    [() => retry(called, { factor: NaN }), 'retry: factor is NaN', RangeError],
    [() => run(called, { grace: NaN }), 'run: grace is NaN', RangeError],
    [() => run(called, { slowTurn: NaN }), 'run: slowTurn is NaN', RangeError],
    [() => testRun(called, { limit: NaN }), 'testRun: limit is NaN', RangeError],
    [
      () => new VirtualLoop().advance(-1),
      'VirtualLoop.advance: ms is -1; give a number from 0',
      RangeError,
    ],
  ]);
});

describe('what is no count', () => {
  testRejections([
    ...[0, -1, 1.5, NaN].flatMap((limit): Refusal[] => [
      [
        () => gather([called], { limit }),
        `gather: limit is ${String(limit)}; give a whole number from 1, or Infinity`,
        RangeError,
      ],
      [() => taskGroup(called, { limit }), `taskGroup: limit is ${String(limit)}`, RangeError],
      [
        () => concurrentMap([1], called, { limit }),
        `concurrentMap: limit is ${String(limit)}`,
        RangeError,
      ],
      [() => retry(called, { attempts: limit }), `retry: attempts is ${String(limit)}`, RangeError],
    ]),
    [
      () => concurrentMap([1], called, bad({})),
      'concurrentMap: limit is undefined, not a number; give a whole number from 1, or Infinity',
    ],
    [
      () => concurrentMap([1], called, bad(undefined)),
      'concurrentMap: limit is undefined, not a number',
    ],
  ]);
});

testThrows([
  [() => new TaskGroup({ limit: 0 }), 'TaskGroup: limit is 0', RangeError],
  [() => new CancelScope({ timeout: NaN }), 'CancelScope: timeout is NaN', RangeError],
  [() => new CancelScope({ deadline: NaN }), 'CancelScope: deadline is NaN', RangeError],
  [() => (new CancelScope().deadline = NaN), 'CancelScope: deadline is NaN', RangeError],
  [() => new ParkingLot().unpark(-1), 'ParkingLot.unpark: count is -1', RangeError],
  [
    () => new ParkingLot().repark(new ParkingLot(), 1.5),
    'ParkingLot.repark: count is 1.5',
    RangeError,
  ],
  [() => new VirtualLoop().callLater(NaN, called), 'callLater: ms is NaN', RangeError],
]);
