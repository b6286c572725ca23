// The same as in postgresql.ts with the package `postgres`: a query that ends with its caller, and a transaction.
import { timeout } from '@ambit/core';
import { query, transaction } from '@ambit/io/postgres-js';
import type { Sql } from 'postgres';

interface Order {
  readonly customer: string;
  readonly item: string;
}

// #region all
/** Gives the orders of a customer, within two seconds. */
export async function ordersOf(sql: Sql, customer: string): Promise<readonly Order[]> {
  return timeout(2000, () =>
    query(
      sql,
      (sql) => sql<Order[]>`SELECT customer, item FROM orders WHERE customer = ${customer}`,
    ),
  );
}

/** Takes one piece from the stock and stores the order, both or neither. Returns false if it is sold out. */
export async function placeOrder(sql: Sql, { customer, item }: Order): Promise<boolean> {
  return transaction(
    sql,
    async (tx) => {
      const taken =
        await tx`UPDATE stock SET pieces = pieces - 1 WHERE item = ${item} AND pieces > 0`;
      if (taken.count === 0) return false;
      await tx`INSERT INTO orders ${tx({ customer, item })}`;
      return true;
    },
    { isolation: 'serializable', retry: { attempts: 10, delay: 5 } },
  );
}
// #endregion all
