import { once } from 'node:events';
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { redisStore } from '@ambit/sync/redis';
import { startRedis } from '../../../../test-servers/servers.ts';
import type { TestServer } from '../../../../test-servers/servers.ts';
import { until } from '../../../../test-servers/until.ts';

// A subscriber that cannot subscribe at first does so once it is connected.

jest.setTimeout(60_000);

let server: TestServer;

beforeAll(async () => {
  server = await startRedis();
});

afterAll(() => server.stop());

const key = { name: 'x', holder: 'a' };

test('an ioredis without a queue of commands that wait for the connection', async () => {
  const client = new Redis(server.port, '127.0.0.1');
  const subscriber = new Redis(server.port, '127.0.0.1', { enableOfflineQueue: false });
  try {
    const store = redisStore(client, { subscriber });
    const heard: string[] = [];
    store.onChange?.((name, change) => heard.push(`${name} ${change}`));
    await until(() => store.listening === true);
    await store.acquire({ ...key, ttl: 60_000, limit: 1 });
    await store.release(key);
    await until(() => heard.length > 0);
    // After a reconnect it hears each change once, too.
    const closed = once(subscriber, 'close');
    await client.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await closed;
    await until(() => store.listening === true);
    heard.length = 0;
    await until(async () => {
      await store.acquire({ ...key, ttl: 60_000, limit: 1 });
      await store.release(key);
      return heard.length > 0;
    });
    const count = heard.length;
    await store.acquire({ ...key, ttl: 60_000, limit: 1 });
    await store.revoke('x');
    await until(() => heard.includes('x revoked'));
    expect(heard.slice(count).filter((each) => each === 'x revoked')).toHaveLength(1);
  } finally {
    client.disconnect();
    subscriber.disconnect();
  }
});

test('a node-redis that connects later', async () => {
  const url = `redis://127.0.0.1:${server.port}`;
  const client = await createClient({ url }).connect();
  const subscriber = createClient({ url });
  try {
    const store = redisStore(client, { subscriber });
    const heard: string[] = [];
    store.onChange?.((name, change) => heard.push(`${name} ${change}`));
    expect(store.listening).toBe(false);
    await subscriber.connect();
    await until(() => store.listening === true);
    await store.acquire({ ...key, ttl: 60_000, limit: 1 });
    await store.release(key);
    await until(() => heard.length > 0);
    expect(heard).toEqual(['x released']);
  } finally {
    client.destroy();
    subscriber.destroy();
  }
});

test('a subscriber that cannot tell when it is connected is refused', () => {
  const client = { eval: () => Promise.resolve() };
  const subscriber = { subscribe: () => Promise.resolve() };
  expect(() => redisStore(client, { subscriber: subscriber as never })).toThrow(
    new TypeError(
      'redisStore: subscriber has no on(); give a second client, of the same kind as the first',
    ),
  );
});
