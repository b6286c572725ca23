import { getRunningLoop, run, sleep } from '@ambit/core';
import { testRun } from '@ambit/core/testing';
import { DistributedLock, DistributedSemaphore, elect, memoryStore } from '@ambit/sync/lease';
import { TroubledStore } from '../support/troubled-store.ts';

type Operation = 'acquire' | 'renew';

/** When the store was asked, of a run by a seed. */
async function askedAt(
  operation: Operation,
  seed: number,
  body: (store: TroubledStore) => Promise<unknown>,
): Promise<number[]> {
  const instants: number[] = [];
  class Watched extends TroubledStore {
    override readonly asked = {
      push: (name: string) => {
        if (name === operation) instants.push(getRunningLoop().now());
      },
    } as unknown as string[];
  }
  await testRun(() => body(new Watched()), { seed });
  return instants;
}

describe('chance goes by the seed of a test', () => {
  test.each<[string, Operation, (store: TroubledStore) => Promise<unknown>]>([
    ['renewals', 'renew', (store) => new DistributedLock(store, 'x').run(() => sleep(30_000))],
    [
      'questions of a node that waits',
      'acquire',
      async (store) => {
        await store.acquire({ name: 'x', holder: 'other', ttl: 3000, limit: 1 });
        await new DistributedLock(store, 'x').run(() => undefined);
      },
    ],
    [
      'the back-off of a node that stands for election',
      'acquire',
      async (store) => {
        store.trouble.acquire = 'fails';
        getRunningLoop().callLater(5000, () => {
          delete store.trouble.acquire;
        });
        await elect(store, 'x', () => undefined);
      },
    ],
  ])('%s', async (_, operation, body) => {
    const first = await askedAt(operation, 1, body);
    expect(first.length).toBeGreaterThan(2);
    expect(await askedAt(operation, 1, body)).toEqual(first);
    expect(await askedAt(operation, 2, body)).not.toEqual(first);
  });
});

test('a task that ends holding a lease leaves it held; debug mode says so', async () => {
  // rule 165
  const store = memoryStore();
  const lock = new DistributedLock(store, 'db');
  const slots = new DistributedSemaphore(store, 'slots', 2);
  const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  const left: { release(): Promise<void> }[] = [];
  await run(
    async (group) => {
      await group.spawn(() => lock.run(() => 1), { name: 'tidy' });
      await group.spawn(async () => (await lock.acquire()).release(), { name: 'tidy too' });
      await group.spawn(async () => void left.push(await lock.acquire()), { name: 'careless' });
      await group.spawn(async () => void left.push((await slots.tryAcquire())!), { name: 'rash' });
      for (const lease of left) await lease.release();
    },
    { debug: true, signals: [] },
  );
  expect(warn.mock.calls).toEqual([
    ['the task "careless" has ended and still holds the lock "db"', 'LeftHeldWarning'],
    ['the task "rash" has ended and still holds the semaphore "slots"', 'LeftHeldWarning'],
  ]);
  warn.mockRestore();
});
