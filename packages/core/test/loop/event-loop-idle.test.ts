import { getRunningLoop } from '@ambit/core';
import { idleTimer } from '@ambit/core/lowlevel';
import { testRun, VirtualLoop } from '@ambit/core/testing';

const timersAlive = () =>
  process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;

test('an idle timer calls back, and does not keep the process alive', async () => {
  const loop = getRunningLoop();
  const before = timersAlive();
  let called = 0;
  const other = new Promise<void>((resolve) => {
    idleTimer(loop, loop.now() + 5, () => {
      called += 1;
      resolve();
    });
  });
  expect(timersAlive()).toBe(before);
  await other;
  expect(called).toBe(1);
});

test('it can be taken back, also one that never calls', () => {
  const loop = getRunningLoop();
  const timers = [idleTimer(loop, loop.now(), fail), idleTimer(loop, Infinity, fail)];
  for (const timer of timers) timer.cancel();
});

test('virtual time passes it, in order, and does not move for it', async () => {
  const loop = new VirtualLoop();
  const log: string[] = [];
  const note = (what: string) => () => log.push(`${what} at ${loop.now()}`);
  idleTimer(loop, 10, note('idle'));
  idleTimer(loop, 30, note('idle'));
  const taken = idleTimer(loop, 5, fail);
  taken.cancel();
  expect(loop.pendingTimers).toBe(0);
  loop.callAt(20, note('timer'));
  await new Promise((resolve) => loop.callAt(21, () => resolve(undefined)));
  expect(log).toEqual(['idle at 10', 'timer at 20']);
  await loop.advance(10);
  expect(log.at(-1)).toBe('idle at 30');
});

test('a test may leave one behind', () =>
  testRun((_group, loop) => {
    idleTimer(loop, 1000, fail);
  }));

function fail(): void {
  throw new Error('it was taken back');
}
