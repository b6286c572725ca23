import { Future } from '@ambit/core';
import { sendCancelRequest } from './cancel-request.ts';
import type { CancelTarget } from './cancel-request.ts';
import type { Lend, LentConnection, Statement } from './lent-client.ts';
import type { PgClient, PgPool, PgResult } from './pg-client.ts';
import { endsConnection } from './sql-state.ts';

type Take = (error: unknown, client?: PgClient) => void;

/**
 * Gets connections from a Pool of pg. By its callback: a server that ends a new session tells so right behind its greeting, and where
 * a promise gives the client, the error has come before there is a listener for it. That ends the process.
 */
export function lenderOf(pool: PgPool): Lend<PgConnection> {
  return () => {
    const lent = new Future<PgConnection>();
    const take: Take = (error, client) => {
      if (client === undefined) lent.tryReject(error);
      else lent.tryResolve(new PgConnection(client));
    };
    // A wrapper of a pool may have promises only.
    const { connect } = pool as { connect: (take: Take) => PromiseLike<PgClient> | undefined };
    connect.call(pool, take)?.then((client) => {
      take(undefined, client);
    }, take);
    return lent.wait();
  };
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
  #loss: { readonly error: unknown } | undefined;
  #tellLoss: ((error: unknown) => void) | undefined;

  constructor(client: PgClient) {
    this.client = client;
    client.on('error', this.#onError);
    client.on('end', this.#onEnd);
  }

  watch(onLost: (error: unknown) => void): void {
    this.#tellLoss = onLost;
    if (this.#loss !== undefined) onLost(this.#loss.error);
  }

  // pg tells here of a connection that breaks while no query runs; without a listener the process would end.
  readonly #onError = (error: unknown): void => {
    this.#loss ??= { error };
    this.#tellLoss?.(error);
  };

  readonly #onEnd = (): void =>
    this.#onError(new Error('the connection to the database was closed'));

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
