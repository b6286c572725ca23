import { execFileSync } from 'node:child_process';
import { Redis } from 'ioredis';
import { redisStore } from '@ambit/sync/redis';
import type { LeaseStore } from '@ambit/sync/lease';
import { startRedis } from '../../../../test-servers/servers.ts';
import { until } from '../../../../test-servers/until.ts';

// A replica that is promoted, with and without what its master granted last: the fence grows.

jest.setTimeout(60_000);

async function fenceOf(store: LeaseStore, holder: string): Promise<number> {
  const grant = await store.acquire({ name: 'db', holder, ttl: 60_000, limit: 1 });
  if (!grant.granted) throw new Error('the lease is held');
  return grant.fence;
}

describe.each([
  ['that has the last grant', true],
  ['that lags behind', false],
])('a replica %s', (_, hasAll) => {
  test('grants a newer fence once it is the master', async () => {
    const master = await startRedis('--repl-diskless-sync-delay', '0');
    const replica = await startRedis('--replicaof', `127.0.0.1 ${master.port}`);
    const [first, second] = [
      new Redis(master.port, '127.0.0.1'),
      new Redis(replica.port, '127.0.0.1'),
    ];
    first.on('error', () => undefined);
    try {
      await until(async () => (await second.info('replication')).includes('master_link_status:up'));
      const before = await fenceOf(redisStore(first), 'before');
      await redisStore(first).release({ name: 'db', holder: 'before' });
      await first.wait(1, 5000);
      const cli = (...args: string[]) =>
        execFileSync('redis-cli', ['-p', `${replica.port}`, ...args]);
      if (!hasAll) cli('replicaof', 'no', 'one');
      const last = await fenceOf(redisStore(first), 'last');
      if (hasAll) await first.wait(1, 5000);
      master.process.kill('SIGKILL');
      if (hasAll) cli('replicaof', 'no', 'one');
      const store = redisStore(second);
      const holders = await store.holders('db');
      expect(holders.map(({ holder }) => holder)).toEqual(hasAll ? ['last'] : []);
      if (hasAll) await store.release({ name: 'db', holder: 'last' });
      const after = await fenceOf(store, 'after');
      expect(last).toBeGreaterThan(before);
      expect(after).toBeGreaterThan(last);
    } finally {
      for (const client of [first, second]) client.disconnect();
      await replica.stop();
      await master.stop();
    }
  });
});
