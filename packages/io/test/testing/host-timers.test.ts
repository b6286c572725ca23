import assert from 'node:assert/strict';
import { scheduler, setInterval as ticks, setTimeout as pause } from 'node:timers/promises';
import { getRunningLoop, sleep } from '@ambit/core';
import { simulate } from '@ambit/io/testing';

const now = (): number => getRunningLoop().now();

/** Runs a body on a host of its own. */
function onHost(body: () => unknown): Promise<void> {
  return simulate((network) => network.host('host', body).outcome());
}

describe('timers of a host', () => {
  test('have a number, which clears them as Node’s do', () =>
    onHost(async () => {
      const log: string[] = [];
      const timer = setTimeout(() => log.push('timeout'), 10);
      const interval = setInterval(() => log.push('interval'), 10);
      const other = setTimeout(() => log.push('other'), 10);
      const numbers = [timer, interval, other].map((each) => +each);
      assert.equal(new Set(numbers).size, 3);
      assert.deepEqual([+timer, `${timer[Symbol.toPrimitive]()}`], [numbers[0], `${numbers[0]}`]);
      clearTimeout(numbers[0]);
      clearInterval(`${numbers[1]}`);
      await sleep(50);
      assert.deepEqual(log, ['other']);
      clearTimeout(numbers[2]);
    }));

  test('keep the beat of an interval while the loop over it is slow', () =>
    onHost(async () => {
      const seen: number[] = [];
      for await (const value of ticks(10, 'tick')) {
        assert.equal(value, 'tick');
        seen.push(now());
        if (seen.length === 1) await sleep(35);
        if (seen.length === 6) break;
      }
      // Those of 20, 30 and 40 came meanwhile.
      assert.deepEqual(seen, [10, 45, 45, 45, 50, 60]);
    }));

  test('end an interval by its signal', () =>
    onHost(async () => {
      const controller = new AbortController();
      setTimeout(() => {
        controller.abort('enough');
      }, 25);
      let count = 0;
      const counting = async (): Promise<void> => {
        for await (const _ of ticks(10, 0, { signal: controller.signal })) count += 1;
      };
      await assert.rejects(counting(), { name: 'AbortError', code: 'ABORT_ERR', cause: 'enough' });
      assert.deepEqual([count, now()], [2, 25]);
      await assert.rejects(ticks(10, 0, { signal: controller.signal }).next(), {
        name: 'AbortError',
      });
    }));

  test('AbortSignal.timeout goes by the time of the simulation', () =>
    onHost(async () => {
      const signal = AbortSignal.timeout(60_000);
      await sleep(59_999);
      assert.equal(signal.aborted, false);
      await sleep(2);
      assert.equal(signal.aborted, true);
      assert(signal.reason instanceof DOMException);
      assert.equal(signal.reason.name, 'TimeoutError');
      await assert.rejects(pause(1000, 0, { signal: AbortSignal.timeout(5) }), {
        name: 'AbortError',
      });
      assert.equal(now(), 60_006);
      assert.throws(() => AbortSignal.timeout(-1), { name: 'RangeError' });
    }));

  test('a turn, and how long the process is up', () =>
    onHost(async () => {
      await scheduler.wait(1500);
      await scheduler.yield();
      assert.deepEqual([now(), process.uptime()], [1500, 1.5]);
    }));
});
