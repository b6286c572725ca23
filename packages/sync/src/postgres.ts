export { postgresStore, leaseTable } from './lease/postgres-store.ts';
export type { PostgresStore, PostgresStoreOptions } from './lease/postgres-store.ts';
export type { PgLike, PostgresClient, PostgresJsLike } from './lease/postgres-client.ts';
export type {
  ListenLike,
  PgListener,
  PgNotification,
  PostgresListener,
} from './lease/postgres-listener.ts';
export { verifyLease } from './lease/verify-lease.ts';
export type { VerifyLeaseOptions } from './lease/verify-lease.ts';
