import type { Pool } from 'pg';
import { orAborted } from './adapter-request.ts';
import { retry } from './adapter-retry.ts';

export interface Order {
  readonly id: string;
  readonly item: string;
  readonly price: number;
}

export async function createTables(pool: Pool): Promise<void> {
  await pool.query(
    `CREATE TABLE IF NOT EXISTS orders (
       id text PRIMARY KEY, item text NOT NULL, price int NOT NULL, invoice text, placed timestamptz DEFAULT now())`,
  );
}

/** Stores an order. A client may send it again, and so may this function: the id makes it the same order. */
export async function store(
  pool: Pool,
  { id, item, price }: Order,
  signal: AbortSignal,
): Promise<void> {
  const text =
    'INSERT INTO orders (id, item, price) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING';
  // 1. The query itself goes on, and keeps its connection of the pool.
  const insert = (): Promise<unknown> => orAborted(pool.query(text, [id, item, price]), signal);
  const when = isOfConnection;
  await retry(insert, { attempts: Infinity, delay: 50, maxDelay: 200, when, signal });
}

/** Whether an error is one of the connection: refused, broken, or ended by the server. */
function isOfConnection(error: unknown): boolean {
  const { code, message } = error as { readonly code?: string; readonly message?: string };
  return code === undefined ? /terminated|timeout/i.test(message ?? '') : /^(E|08|57P)/.test(code);
}

export async function find(pool: Pool, id: string): Promise<Order | undefined> {
  const { rows } = await pool.query<Order>('SELECT * FROM orders WHERE id = $1', [id]);
  return rows[0];
}

/** Orders that have no invoice yet, though they are older than a second. */
export async function openOrders(pool: Pool): Promise<readonly string[]> {
  const { rows } = await pool.query<{ id: string }>(
    `SELECT id FROM orders WHERE invoice IS NULL AND placed < now() - interval '1 second' LIMIT 500`,
  );
  return rows.map(({ id }) => id);
}

export async function complete(pool: Pool, id: string, invoice: string): Promise<void> {
  await pool.query('UPDATE orders SET invoice = $2 WHERE id = $1', [id, invoice]);
}
