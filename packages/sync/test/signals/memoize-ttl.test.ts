import { sleep } from '@ambit/core';
import { testRun } from '@ambit/core/testing';
import { memoize } from '@ambit/sync';

describe('ttl', () => {
  test('what has expired is let go, each at its instant, though nobody asks', () =>
    testRun(async () => {
      const load = memoize(async (id: number) => Promise.resolve({ id }), { ttl: 100 });
      for (const id of [1, 2, 3]) {
        await load(id);
        await sleep(10);
      }
      // To be used does not make it younger.
      await load(1);
      await sleep(71);
      expect(load.statistics().size).toBe(2);
      await sleep(10);
      expect(load.statistics().size).toBe(1);
      await sleep(10);
      expect(load.statistics().size).toBe(0);
      await load(4);
      expect(load.delete(4)).toBe(true);
      await load(4);
      load.clear();
      await load(5);
      await sleep(100);
      expect(load.statistics().size).toBe(0);
    }));

  test('goes together with max', () =>
    testRun(async () => {
      const load = memoize(async (id: number) => Promise.resolve({ id }), { ttl: 100, max: 2 });
      for (const id of [1, 2, 1, 3]) {
        await load(id);
        await sleep(10);
      }
      expect(load.delete(2)).toBe(false);
      await sleep(60);
      expect(load.statistics().size).toBe(1);
      await sleep(30);
      expect(load.statistics().size).toBe(0);
    }));

  test('its timer keeps no process alive, and goes on in another run', async () => {
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout');
    const before = timers().length;
    const load = memoize(async (id: number) => Promise.resolve({ id }), { ttl: 50 });
    await load(1);
    expect(timers()).toHaveLength(before);
    await testRun(async () => {
      await load(2);
      await sleep(60);
      expect(load.statistics().size).toBe(0);
      await load(3);
      await sleep(40);
    });
    await testRun(async () => {
      await load(4);
      expect(load.statistics().size).toBe(2);
      await sleep(10);
      expect(load.statistics().size).toBe(1);
    });
  });
});
