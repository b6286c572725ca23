import { once } from 'node:events';
import { until } from '../../test-servers/until.ts';
import { order, startService, useOrderServers } from './order-service.ts';
import type { Service } from './order-service.ts';

// The service that takes orders, with real servers: it is started, loaded and stopped as a supervisor would do it.

jest.setTimeout(120_000);

const tests = useOrderServers();

async function start(framework: string): Promise<Service> {
  const service = await startService(tests.servers, { env: { FRAMEWORK: framework } });
  tests.cleanup.push(() => service.child.kill('SIGKILL'));
  return service;
}

/** Sends an order until it is accepted: a slow machine may need more than the limit of a request. */
async function accepted(url: string, id: string): Promise<void> {
  await until(async () => (await order(url, { id, item: 'lamp' })).status === 202);
}

async function count(where: string): Promise<number> {
  const { rows } = await tests.pool.query<{ count: number }>(
    `SELECT count(*)::int FROM orders WHERE ${where}`,
  );
  return rows[0]!.count;
}

describe.each(['fastify', 'express'])('on %s', (framework) => {
  test('takes orders, makes their invoices, and tells of them', async () => {
    const { url } = await start(framework);
    expect(await (await fetch(`${url}/health`)).json()).toEqual({ ok: true });
    expect((await order(url, { id: '' })).status).toBe(400);
    expect((await fetch(`${url}/orders/none`)).status).toBe(404);

    const events = new AbortController();
    const stream = await fetch(`${url}/events`, { signal: events.signal });
    const heard: string[] = [];
    const reading = (async () => {
      for await (const chunk of stream.body!) heard.push(Buffer.from(chunk).toString());
    })().catch(() => undefined);
    // A number is an id as well.
    const ids = ['a', '1'].map((id) => (framework === 'fastify' ? id : `${id}0`));
    for (const id of [...ids, ...ids]) await accepted(url, id);
    await until(
      async () => (await count(`id = ANY('{${ids.join()}}') AND invoice IS NOT NULL`)) === 2,
    );
    expect(await (await fetch(`${url}/orders/${ids[1]}`)).json()).toMatchObject({
      id: ids[1],
      item: 'lamp',
      price: 1250,
    });
    // One that was stored while nothing subscribed is not heard of.
    await until(async () => {
      await accepted(url, `heard-${framework}-${heard.length}`);
      return heard.join('').includes('event: invoice');
    });
    events.abort();
    await reading;
  });

  test('an order whose job was never made is found', async () => {
    const { url } = await start(framework);
    await accepted(url, 'b0');
    const id = `b-${framework}`;
    await tests.pool.query(
      "INSERT INTO orders (id, item, price, placed) VALUES ($1, 'lamp', 1, now() - interval '1 hour')",
      [id],
    );
    await until(async () => (await count(`id = '${id}' AND invoice IS NOT NULL`)) === 1);
  });

  test('SIGTERM under load: no accepted order is lost, and the process ends by itself', async () => {
    const { url, child, log } = await start(framework);
    await accepted(url, 'c');
    const kept: string[] = [];
    const client = async (name: number): Promise<void> => {
      for (let at = 0; ; at += 1) {
        const id = `c-${framework}-${name}-${at}`;
        const response = await order(url, { id, item: 'lamp' }).catch(() => undefined);
        if (response === undefined) return;
        if (response.status === 202) kept.push(id);
      }
    };
    const clients = Array.from({ length: 5 }, (_, name) => client(name));
    await until(() => kept.length >= 10);
    child.kill('SIGTERM');
    const [code] = (await once(child, 'close')) as [number | null];
    await Promise.all(clients);
    expect(code).toBe(0);
    // The last line of the log is not lost.
    expect(JSON.parse(log.at(-1)!)).toMatchObject({ msg: 'ended' });
    const { rows } = await tests.pool.query('SELECT id FROM orders WHERE id = ANY($1)', [kept]);
    expect(rows).toHaveLength(kept.length);
  });
});
