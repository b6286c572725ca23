// Several nodes of one service: one leads, all share a rate, and orders are shipped by the node that leads.
import { schedule, sleep } from '@ambit/core';
import type { HttpHandler } from '@ambit/io';
import { query, transaction } from '@ambit/io/pg';
import type { PgTransaction } from '@ambit/io/pg';
import { DistributedRateLimiter, elect } from '@ambit/sync/lease';
import type { HeldLease, LeaseOptions, LeaseStore } from '@ambit/sync/lease';
import { postgresStore, verifyLease } from '@ambit/sync/postgres';
import type { Pool } from 'pg';

// #region leader
/** Refreshes the prices each second on one node of all. Another node takes over when that one is gone. */
export async function refreshPrices(
  store: LeaseStore,
  refresh: (fence: number) => Promise<void>,
): Promise<void> {
  await elect(store, 'prices', ({ fence }) => schedule({ every: 1000 }, () => refresh(fence)));
}
// #endregion leader

// #region once
/** Sends the report of each minute: every node calls this, and one of them runs each tick. */
export async function sendReports(
  store: LeaseStore,
  send: (minute: Date) => Promise<void>,
): Promise<void> {
  await schedule('* * * * *', send, { once: store, name: 'report' });
}
// #endregion once

// #region rate
/** Passes on five requests a second, with all nodes together, and refuses the others. */
export function limited(store: LeaseStore, handler: HttpHandler): HttpHandler {
  const limiter = new DistributedRateLimiter(store, 'api', { permits: 5, per: 1000 });
  return async (request, response) => {
    if (await limiter.tryAcquire()) await handler(request, response);
    else response.writeHead(429, { 'retry-after': '1' }).end();
  };
}
// #endregion rate

// #region orders
interface Order {
  readonly id: number;
}

/** Ships the open orders on one node of all, until it is cancelled. */
export async function shipOrders(pool: Pool, node: string, options?: LeaseOptions): Promise<void> {
  const store = postgresStore(pool);
  await elect(
    store,
    'orders',
    async (lease) => {
      for (;;) {
        const { rows } = await query<Order>(
          pool,
          'SELECT id FROM orders WHERE shipped_by IS NULL ORDER BY id LIMIT 1',
        );
        if (rows[0] === undefined) await sleep(100);
        else await ship(pool, rows[0], { lease, node });
      }
    },
    options,
  );
}

/** Marks the order as shipped and writes the parcel, both or neither, and only while the lease is held. */
async function ship(
  pool: Pool,
  { id }: Order,
  { lease, node }: { readonly lease: HeldLease; readonly node: string },
): Promise<void> {
  await transaction(pool, async (tx: PgTransaction) => {
    const { rowCount } = await tx.query(
      'UPDATE orders SET shipped_by = $2, fence = $3 WHERE id = $1 AND fence <= $3',
      [id, node, lease.fence],
    );
    if (rowCount === 0) throw new Error(`order ${id} was shipped by a node that leads since`);
    await tx.query('INSERT INTO parcels (order_id) VALUES ($1)', [id]);
    // Last: it locks the row of the lease, so that no other node leads before the commit.
    await verifyLease(tx, lease);
  });
}
// #endregion orders
