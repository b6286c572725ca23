import { detached, shield } from '@ambit/core';
import { park, suppress, throwIfCancelled } from '@ambit/core/lowlevel';
import type { WaitOptions } from '../cancellable.ts';
import { answerTo, awaitAnswer, endRemotely } from '../remote-call.ts';
import type { Answer } from '../remote-call.ts';
import { sendCancelRequest } from './cancel-request.ts';
import type { PgClient, PgPool, PgResult } from './pg-client.ts';
import { reportFailure } from './reports.ts';
import { endsConnection, isQueryCancelled } from './sql-state.ts';

/** What every function that borrows a connection takes. @beta */
export interface PgOptions extends WaitOptions {
  /**
   * Milliseconds that the server has to end a query that was cancelled, from 0; then the connection is closed. Default
   * 5000.
   */
  readonly grace?: number | undefined;
}

/** A statement with its values. */
export interface Statement {
  readonly text: string;
  readonly values?: readonly unknown[] | undefined;
}

/** Runs a body with a connection of the pool, which goes back, or is closed, when the body has ended. */
export async function withClient<T>(
  pool: PgPool,
  options: PgOptions | undefined,
  body: (lent: LentClient) => T | PromiseLike<T>,
): Promise<T> {
  const lent = await borrow(pool, options);
  try {
    return await body(lent);
  } finally {
    lent.giveBack();
  }
}

/** A caller that is cancelled takes no connection: one that comes later goes back at once. */
async function borrow(pool: PgPool, options: PgOptions | undefined): Promise<LentClient> {
  return park<LentClient>(
    (waker) => {
      // The connection outlives the caller. Its errors are heard from the moment at which it is lent.
      const connecting = detached(async () => new LentClient(await pool.connect(), options?.grace));
      connecting.then(
        (lent) => {
          if (!waker.wake(lent)) lent.giveBack();
        },
        (error: unknown) => waker.fail(error),
      );
    },
    { signal: options?.signal, name: 'a connection of the pool' },
  );
}

/** A connection for as long as it is lent. */
export class LentClient {
  readonly client: PgClient;
  readonly #grace: number;
  #lost: { readonly error: unknown } | undefined;
  #tellLoss: ((error: unknown) => void) | undefined;
  #running: Promise<Answer<PgResult<unknown>>> | undefined;
  #stopping: Promise<unknown> | undefined;

  constructor(client: PgClient, grace = 5000) {
    this.client = client;
    this.#grace = grace;
    client.on('error', this.#onError);
    client.on('end', this.#onEnd);
  }

  /** Whether the connection can serve another query. */
  get isWhole(): boolean {
    return this.#lost === undefined;
  }

  throwIfLost(): void {
    if (this.#lost !== undefined) throw this.#lost.error;
  }

  // pg tells here of a connection that breaks while no query runs; without a listener the process would end.
  readonly #onError = (error: unknown): void => this.#lose(error);

  readonly #onEnd = (): void => this.#lose(new Error('the connection to the database was closed'));

  #lose(error: unknown): void {
    this.#lost ??= { error };
    this.#tellLoss?.(this.#lost.error);
  }

  /**
   * Runs a statement. Cancelled: cancels it on the server and waits for its end; a result that was faster is returned.
   *
   * @throws (rejects) the error of the server or the client; the ambient scope's CancelledError; `signal.reason`
   */
  async query(statement: Statement, wait?: WaitOptions): Promise<PgResult<unknown>> {
    throwIfCancelled({ signal: wait?.signal });
    this.throwIfLost();
    const answering = this.#send(statement);
    this.#running = answering;
    try {
      return await awaitAnswer(answering, {
        signal: wait?.signal,
        name: () => `query ${statement.text.trim().slice(0, 40)}`,
        onCancel: (reason) => this.#cancelled(answering, reason),
      });
    } finally {
      this.#running = undefined;
    }
  }

  async #send({ text, values }: Statement): Promise<Answer<PgResult<unknown>>> {
    const answer = await answerTo(() =>
      values === undefined ? this.client.query(text) : this.client.query(text, [...values]),
    );
    if (answer.is === 'failure' && endsConnection(answer.error)) this.#lose(answer.error);
    return answer;
  }

  async #cancelled(
    answering: Promise<Answer<PgResult<unknown>>>,
    reason: unknown,
  ): Promise<Answer<PgResult<unknown>>> {
    if (!(await this.#stop(answering, reason))) throw reason;
    const answer = await answering;
    const isConsequence =
      answer.is === 'failure' && (isQueryCancelled(answer.error) || endsConnection(answer.error));
    if (isConsequence) throw reason;
    return answer;
  }

  /** Cancels the query that runs, if one does, and waits for its end; a failure is suppressed in `reason`. */
  async stop(reason: unknown): Promise<void> {
    const answering = this.#running;
    if (answering !== undefined) await shield(() => this.#stop(answering, reason));
  }

  async #stop(ended: Promise<Answer<PgResult<unknown>>>, reason: unknown): Promise<boolean> {
    // Once for all that want it: a request that comes late would cancel the next statement.
    this.#stopping ??= this.#askServer(ended);
    const failure = await this.#stopping;
    if (failure !== undefined) suppress(reason, [failure]);
    return failure === undefined;
  }

  async #askServer(ended: Promise<Answer<PgResult<unknown>>>): Promise<unknown> {
    const ask = (): Promise<void> => sendCancelRequest(this.client);
    const name = 'a cancelled query';
    const failure = await endRemotely({ name, ask, ended, grace: this.#grace });
    this.#stopping = undefined;
    if (failure === undefined) return undefined;
    this.discard(failure);
    reportFailure('cancel', failure);
    return failure;
  }

  /** The connection is not to be used any more. */
  discard(error: unknown): void {
    this.#lose(error);
  }

  /** Waits until the connection is lost; rejects with the error. */
  untilLost(): Promise<never> {
    return park<never>(
      (waker) => {
        this.#tellLoss = (error) => void waker.fail(error);
        if (this.#lost !== undefined) waker.fail(this.#lost.error);
      },
      { name: 'the end of the connection to the database' },
    );
  }

  /** Gives the connection back to its pool; one that is not whole is closed. */
  giveBack(): void {
    const isWhole = this.isWhole && !this.#isInTransaction();
    // Of a connection that is closed, nothing more is heard but errors.
    if (isWhole) this.client.removeListener('error', this.#onError);
    this.client.removeListener('end', this.#onEnd);
    this.client.release(!isWhole);
  }

  // A statement has begun a transaction and not ended it: pg knows the state that the server tells after each statement.
  #isInTransaction(): boolean {
    const state = this.client.getTransactionStatus?.();
    return state === 'T' || state === 'E';
  }
}
