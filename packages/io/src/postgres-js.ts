export { query } from './postgres/js-query.ts';
export { transaction } from './postgres/js-transaction.ts';
export type { PostgresJsTransaction } from './postgres/js-transaction.ts';
export type { PostgresJs, PostgresJsQuery, TransactionSql } from './postgres/js-client.ts';
export type { PgOptions } from './postgres/lent-client.ts';
export type { Isolation, TransactionOptions } from './postgres/run-transaction.ts';
export type { WaitOptions as SignalOptions } from './cancellable.ts';
