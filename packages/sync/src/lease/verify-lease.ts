import { checkOptions, show } from '@ambit/core/lowlevel';
import { LeaseLostError } from './errors.ts';
import type { SemaphoreLease } from './held-lease.ts';
import { queryOf } from './postgres-client.ts';
import type { PostgresClient } from './postgres-client.ts';
import { quotedTable } from './postgres-statements.ts';
import { storedText } from './stored-text.ts';

/** Options for {@link verifyLease}. @beta */
export interface VerifyLeaseOptions {
  /** The store's table. Default `'ambit_leases'`. */
  readonly table?: string | undefined;
}

/**
 * Makes a transaction commit under the lease or not at all: call it *last* in a transaction on the store's own
 * database. It locks the lease's row, so that no other node can get the lease before the commit. Waits for the server's answer.
 *
 * @beta
 * @param client - the client or transaction that has begun the transaction
 * @param lease - a lease of a store on the same database
 * @param options - `table`: the store's
 * @throws (rejects) LeaseLostError if it is not held any more: roll back; the client's error
 * @example
 * await sql.begin(async (tx) => {
 *   await tx`UPDATE account SET balance = balance - 10 WHERE id = ${id}`;
 *   await verifyLease(tx, lease);
 * });
 */
export async function verifyLease(
  client: PostgresClient,
  lease: Pick<SemaphoreLease, 'name' | 'holder'> & { readonly fence?: number },
  options?: VerifyLeaseOptions,
): Promise<void> {
  checkOptions('verifyLease', options);
  const { table: name = 'ambit_leases' } = options ?? {};
  const table = quotedTable('verifyLease', name);
  const query = queryOf('verifyLease', client);
  checkHeld(lease);
  const text = `SELECT revoked FROM ${table}
    WHERE name = $1::text AND holder = $2::text AND slot >= 0 AND expires_at > clock_timestamp()
    FOR SHARE`;
  const [row] = await query(text, [storedText(lease.name), storedText(lease.holder)]);
  if (row === undefined) throw new LeaseLostError(lease, 'gone');
  if (row['revoked'] === true) throw new LeaseLostError(lease, 'revoked');
}

function checkHeld(lease: Partial<Pick<SemaphoreLease, 'name' | 'holder'>> | null): void {
  for (const part of ['name', 'holder'] as const) {
    if (typeof lease?.[part] === 'string') continue;
    throw new TypeError(
      `verifyLease: lease is ${show(lease)}, without a ${part}; give the lease that acquire() or run() of a ` +
        'DistributedLock or DistributedSemaphore gave you',
    );
  }
}
