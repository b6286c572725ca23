// What the service keeps in PostgreSQL. An order that is stored is never lost: a job that was not made is found by `openOrders`.
import { retry } from '@ambit/core';
import { query } from '@ambit/io/pg';
import type { Pool } from 'pg';

export interface Order {
  readonly id: string;
  readonly item: string;
  readonly price: number;
}

export async function createTables(pool: Pool): Promise<void> {
  // One at a time: of two services that begin together, one would fail.
  await query(
    pool,
    `SELECT pg_advisory_xact_lock(1); CREATE TABLE IF NOT EXISTS orders (
       id text PRIMARY KEY, item text NOT NULL, price int NOT NULL, invoice text, placed timestamptz DEFAULT now())`,
  );
}

// #region store
/** Stores an order. A client may send it again, and so may this function: the id makes it the same order. */
export async function store(pool: Pool, { id, item, price }: Order): Promise<void> {
  const text =
    'INSERT INTO orders (id, item, price) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING';
  const insert = (): Promise<unknown> => query(pool, text, [id, item, price]);
  // Until the request's time is over: a database that restarts is back in a second.
  await retry(insert, { attempts: Infinity, delay: 50, maxDelay: 200, when: isOfConnection });
}
// #endregion store

/** Whether an error is one of the connection: refused, broken, or ended by the server. */
function isOfConnection(error: unknown): boolean {
  const { code, message } = error as { readonly code?: string; readonly message?: string };
  return code === undefined ? /terminated|timeout/i.test(message ?? '') : /^(E|08|57P)/.test(code);
}

export async function find(pool: Pool, id: string): Promise<Order | undefined> {
  const { rows } = await query<Order>(pool, 'SELECT * FROM orders WHERE id = $1', [id]);
  return rows[0];
}

/** Orders that have no invoice yet, though they are older than a second. */
export async function openOrders(pool: Pool): Promise<readonly string[]> {
  const { rows } = await query<{ id: string }>(
    pool,
    `SELECT id FROM orders WHERE invoice IS NULL AND placed < now() - interval '1 second' LIMIT 500`,
  );
  return rows.map(({ id }) => id);
}

export async function complete(pool: Pool, id: string, invoice: string): Promise<void> {
  await query(pool, 'UPDATE orders SET invoice = $2 WHERE id = $1', [id, invoice]);
}
