import { detached, shield } from '@ambit/core';
import { park, suppress, throwIfCancelled } from '@ambit/core/lowlevel';
import type { WaitOptions } from '../cancellable.ts';
import { answerTo, awaitAnswer, endRemotely } from '../remote-call.ts';
import type { Answer } from '../remote-call.ts';
import { reportFailure } from './reports.ts';
import { isQueryCancelled } from './sql-state.ts';

/** What every function that borrows a connection takes. @beta */
export interface PgOptions extends WaitOptions {
  /**
   * Milliseconds that the server has to end a query that was cancelled, from 0; then the connection is closed. Default
   * 5000.
   */
  readonly grace?: number | undefined;
}

/** A connection of a client library, for as long as it is lent. */
export interface LentConnection {
  /** Calls a function when the connection is lost. */
  watch(onLost: (error: unknown) => void): void;
  /** Sends a statement without values; resolves with the first word of it, as the server names it. */
  send(text: string): Promise<{ readonly command: string }>;
  /** Whether the error of a statement says that the connection is of no more use. */
  isLostBy(error: unknown): boolean;
  /** Whether a cancel request can only reach what this borrower has sent. */
  keep(): boolean;
  /** Asks the server to cancel what runs; resolves once the request can reach no later statement. */
  cancel(): Promise<void>;
  /** Gives the connection back to its pool; one that is not whole is closed. */
  giveBack(state: 'whole' | 'broken'): void;
}

/** Gets a connection from a pool. */
export type Lend<C extends LentConnection> = () => Promise<C>;

/** A statement that can be sent once. */
export interface Statement<R> {
  /** Shows in the task tree. */
  readonly text: string;
  readonly send: () => PromiseLike<R>;
}

/** Runs a body with a connection of the pool, which goes back, or is closed, when the body has ended. */
export async function withClient<C extends LentConnection, T>(
  lend: Lend<C>,
  options: PgOptions | undefined,
  body: (lent: LentClient<C>) => T | PromiseLike<T>,
): Promise<T> {
  const lent = await borrow(lend, options);
  try {
    return await body(lent);
  } finally {
    lent.giveBack();
  }
}

/** A caller that is cancelled takes no connection: one that comes later goes back at once. */
async function borrow<C extends LentConnection>(
  lend: Lend<C>,
  options: PgOptions | undefined,
): Promise<LentClient<C>> {
  return park<LentClient<C>>(
    (waker) => {
      // The connection outlives the caller. Its errors are heard from the moment at which it is lent.
      const connecting = detached(async () => new LentClient(await lend(), options?.grace));
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

/** What runs on a connection for as long as it is lent. */
export class LentClient<C extends LentConnection> {
  readonly connection: C;
  readonly #grace: number;
  #lost: { readonly error: unknown } | undefined;
  #tellLoss: ((error: unknown) => void) | undefined;
  #running: Promise<Answer<unknown>> | undefined;
  #stopping: Promise<unknown> | undefined;

  constructor(connection: C, grace = 5000) {
    this.connection = connection;
    this.#grace = grace;
    connection.watch((error) => this.#lose(error));
  }

  /** Whether the connection can serve another query. */
  get isWhole(): boolean {
    return this.#lost === undefined;
  }

  throwIfLost(): void {
    if (this.#lost !== undefined) throw this.#lost.error;
  }

  #lose(error: unknown): void {
    this.#lost ??= { error };
    this.#tellLoss?.(this.#lost.error);
  }

  /** Runs a statement without values. */
  command(text: string): Promise<{ readonly command: string }> {
    return this.run({ text, send: () => this.connection.send(text) });
  }

  /**
   * Runs a statement. Cancelled: cancels it on the server and waits for its end; a result that was faster is returned.
   *
   * @throws (rejects) the error of the server or the client; the ambient scope's CancelledError; `signal.reason`
   */
  async run<R>(statement: Statement<R>, wait?: WaitOptions): Promise<R> {
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

  async #send<R>({ send }: Statement<R>): Promise<Answer<R>> {
    const answer = await answerTo(send);
    if (answer.is === 'failure' && this.connection.isLostBy(answer.error)) this.#lose(answer.error);
    return answer;
  }

  async #cancelled<R>(answering: Promise<Answer<R>>, reason: unknown): Promise<Answer<R>> {
    if (!(await this.#stop(answering, reason))) throw reason;
    const answer = await answering;
    const isConsequence =
      answer.is === 'failure' &&
      (isQueryCancelled(answer.error) || this.connection.isLostBy(answer.error));
    if (isConsequence) throw reason;
    return answer;
  }

  /** Cancels the query that runs, if one does, and waits for its end; a failure is suppressed in `reason`. */
  async stop(reason: unknown): Promise<void> {
    const answering = this.#running;
    if (answering !== undefined) await shield(() => this.#stop(answering, reason));
  }

  async #stop(ended: Promise<unknown>, reason: unknown): Promise<boolean> {
    // The answer is there, though it is not with its caller yet.
    if (!this.connection.keep()) return true;
    // Once for all that want it: a request that comes late would cancel the next statement.
    this.#stopping ??= this.#askServer(ended);
    const failure = await this.#stopping;
    if (failure !== undefined) suppress(reason, [failure]);
    return failure === undefined;
  }

  async #askServer(ended: Promise<unknown>): Promise<unknown> {
    const ask = (): Promise<void> => this.connection.cancel();
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
    this.connection.giveBack(this.isWhole ? 'whole' : 'broken');
  }
}
