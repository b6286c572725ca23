// A service on PostgreSQL: a time limit for each request, a transaction that is run again, and a worker that hears of new rows.
import { taskGroup, timeout } from '@ambit/core';
import { serveHttp } from '@ambit/io';
import type { HttpHandler, ServeHttpOptions } from '@ambit/io';
import { listen, query, transaction } from '@ambit/io/pg';
import type { Pool } from 'pg';

// #region handler
interface Order {
  readonly id: number;
  readonly item: string;
}

/** Responds with the orders of a customer, within two seconds. */
export function ordersHandler(pool: Pool): HttpHandler {
  return async (request, response) => {
    const customer = new URL(request.url ?? '/', 'http://localhost').searchParams.get('customer');
    const { rows } = await timeout(2000, () =>
      query<Order>(pool, 'SELECT id, item FROM orders WHERE customer = $1 ORDER BY id', [customer]),
    );
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(rows));
  };
}
// #endregion handler

// #region transaction
/** Takes one piece from the stock and stores the order, both or neither. Returns its number, or undefined if it is sold out. */
export async function placeOrder(
  pool: Pool,
  customer: string,
  item: string,
): Promise<number | undefined> {
  return transaction(
    pool,
    async (tx) => {
      const taken = await tx.query(
        'UPDATE stock SET pieces = pieces - 1 WHERE item = $1 AND pieces > 0',
        [item],
      );
      if (taken.rowCount === 0) return undefined;
      const { rows } = await tx.query<Order>(
        'INSERT INTO orders (customer, item) VALUES ($1, $2) RETURNING id, item',
        [customer, item],
      );
      await tx.query('SELECT pg_notify($1, $2)', ['orders', item]);
      return rows[0]?.id;
    },
    { isolation: 'serializable', retry: { attempts: 10, delay: 5 } },
  );
}
// #endregion transaction

// #region listen
/** Ships each order as soon as it is there, until it is cancelled. Several of them share the work. */
export async function shipOrders(pool: Pool, ship: (order: Order) => Promise<void>): Promise<void> {
  await taskGroup(async (group) => {
    const shipOpen = async (): Promise<void> => {
      while (await shipOne(pool, ship));
    };
    // A notification is a hint: the table has the truth. It is also read at the beginning, and after a gap.
    const begin = (): void => void group.spawn(shipOpen);
    const hints = listen(pool, 'orders', { onListening: begin, onReconnect: begin });
    for await (const _item of hints) await shipOpen();
  });
}

/** Returns whether there was an order to ship. If shipping fails or is cancelled, it is open again. */
async function shipOne(pool: Pool, ship: (order: Order) => Promise<void>): Promise<boolean> {
  return transaction(pool, async (tx) => {
    const { rows } = await tx.query<Order>(
      `DELETE FROM orders WHERE id = (SELECT id FROM orders ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
       RETURNING id, item`,
    );
    if (rows[0] !== undefined) await ship(rows[0]);
    return rows[0] !== undefined;
  });
}
// #endregion listen

// #region serve
/** Serves until it is cancelled; the pool is closed after the last request. */
export async function serve(pool: Pool, options: ServeHttpOptions): Promise<void> {
  // pg tells here of connections that break while no caller has them; without a listener the process ends.
  pool.on('error', (error) => console.error('an idle connection broke:', error.message));
  await taskGroup(async (group) => {
    group.defer(() => pool.end());
    await serveHttp(ordersHandler(pool), options);
  });
}
// #endregion serve
