// pg knows no signal. To leave a query alone is not enough: it holds its connection, its locks and a core of the server.
import { currentScope, shield, throwIfCancelled, waitFor } from '@ambit/core';
import { abortable } from '@ambit/core/abort';
import { connectTcp } from '@ambit/io';
import type { Client, Pool, PoolClient, QueryResult, QueryResultRow } from 'pg';

/** How long the server may take to let go of a query, in milliseconds. */
const GRACE = 5000;

// #region query
/** A query that ends with the ambient scope: on the server too. */
export async function query<R extends QueryResultRow>(
  pool: Pool,
  text: string,
  values?: unknown[],
): Promise<QueryResult<R>> {
  const client = await connect(pool);
  const running = client.query<R>(text, values);
  let isIdle = true;
  try {
    return await abortable(running);
  } catch (error) {
    if (currentScope().reason !== undefined) isIdle = await shield(() => cancel(client, running));
    throw error;
  } finally {
    // A connection whose query goes on must not serve another: it is closed.
    client.release(!isIdle);
  }
}
// #endregion query

/** Waiting for a free connection can be given up; one that comes later goes back. */
async function connect(pool: Pool): Promise<PoolClient> {
  throwIfCancelled();
  const connecting = pool.connect();
  try {
    return await abortable(connecting);
  } catch (error) {
    connecting.then(
      (client) => client.release(),
      () => undefined,
    );
    throw error;
  }
}

// #region cancel
/** Asks the server to cancel, and waits until it says that the query has ended. False: it does not say so. */
async function cancel(client: PoolClient, running: Promise<unknown>): Promise<boolean> {
  const ended = running.then(
    () => true,
    () => true,
  );
  try {
    return await waitFor(async () => {
      await sendCancelRequest(client);
      return abortable(ended);
    }, GRACE);
  } catch {
    return false;
  }
}
// #endregion cancel

// What is public of pg's Client, and not in its types.
type Session = Client & { readonly processID: number; readonly secretKey: number };

/** The protocol's own way: another connection, for which no place in the pool is needed. */
async function sendCancelRequest(client: PoolClient): Promise<void> {
  const { host, port, processID, secretKey } = client as unknown as Session;
  const request = Buffer.alloc(16);
  request.writeInt32BE(16, 0);
  request.writeInt32BE(80_877_102, 4);
  request.writeInt32BE(processID, 8);
  request.writeInt32BE(secretKey, 12);
  await using connection = await connectTcp({ host, port });
  await connection.send(request);
  // The server closes it once it has passed the request on.
  await connection.receive();
}
