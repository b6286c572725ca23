// A node that ships orders: `node examples/dist/guides/order-node.js <port of PostgreSQL> <name>`.
import { run } from '@ambit/core';
import { postgresStore } from '@ambit/sync/postgres';
import { Pool } from 'pg';
import { shipOrders } from './several-machines.ts';

const [port, name = 'a node'] = process.argv.slice(2);

await run(async (group) => {
  const pool = new Pool({ host: '127.0.0.1', port: Number(port), user: 'postgres' });
  group.defer(() => pool.end());
  await postgresStore(pool).migrate();
  await shipOrders(pool, name, { ttl: 1000, poll: 50 });
});
