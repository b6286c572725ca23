import { sendCancelRequest } from './cancel-request.ts';
import type { CancelTarget } from './cancel-request.ts';
import type { Lend, LentConnection, Statement } from './lent-client.ts';
import type { PgClient, PgPool, PgResult } from './pg-client.ts';
import { endsConnection } from './sql-state.ts';

/** Gets connections from a Pool of pg. */
export function lenderOf(pool: PgPool): Lend<PgConnection> {
  return async () => new PgConnection(await pool.connect());
}

/** A statement of pg, to be sent on a connection. */
export function statementOf(
  { client }: PgConnection,
  text: string,
  values: readonly unknown[] | undefined,
): Statement<PgResult<unknown>> {
  const send = (): Promise<PgResult<unknown>> =>
    values === undefined ? client.query(text) : client.query(text, [...values]);
  return { text, send };
}

/** A connection that a Pool of pg has lent. */
export class PgConnection implements LentConnection {
  readonly client: PgClient;
  #tellLoss: ((error: unknown) => void) | undefined;

  constructor(client: PgClient) {
    this.client = client;
    client.on('error', this.#onError);
    client.on('end', this.#onEnd);
  }

  watch(onLost: (error: unknown) => void): void {
    this.#tellLoss = onLost;
  }

  // pg tells here of a connection that breaks while no query runs; without a listener the process would end.
  readonly #onError = (error: unknown): void => this.#tellLoss?.(error);

  readonly #onEnd = (): void =>
    this.#tellLoss?.(new Error('the connection to the database was closed'));

  send(text: string): Promise<PgResult<unknown>> {
    return this.client.query(text);
  }

  isLostBy(error: unknown): boolean {
    return endsConnection(error);
  }

  // It is the borrower's until it is given back.
  keep(): boolean {
    return true;
  }

  cancel(): Promise<void> {
    return sendCancelRequest(targetOf(this.client));
  }

  giveBack(state: 'whole' | 'broken'): void {
    const isUsable = state === 'whole' && !this.#isInTransaction();
    // Of a connection that is closed, nothing more is heard but errors.
    if (isUsable) this.client.removeListener('error', this.#onError);
    this.client.removeListener('end', this.#onEnd);
    this.client.release(!isUsable);
  }

  // A statement has begun a transaction and not ended it: pg knows the state that the server tells after each statement.
  #isInTransaction(): boolean {
    const state = this.client.getTransactionStatus?.();
    return state === 'T' || state === 'E';
  }
}

/** What pg keeps of a connection. */
interface Session extends Omit<CancelTarget, 'host' | 'port' | 'address'> {
  readonly host?: string;
  readonly port?: number;
  readonly connection?: {
    readonly stream?: { readonly remoteAddress?: string; readonly remotePort?: number };
  };
}

function targetOf(client: object): CancelTarget {
  const session = client as Session;
  const { processID, secretKey, ssl, sslNegotiation } = session;
  const { host = 'localhost', port = 5432, connection } = session;
  const { remoteAddress: address, remotePort = port } = connection?.stream ?? {};
  const path = host.startsWith('/') ? `${host}/.s.PGSQL.${port}` : undefined;
  return { host, port: remotePort, path, address, ssl, sslNegotiation, processID, secretKey };
}
