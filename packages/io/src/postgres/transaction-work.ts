import { InvalidStateError, isCancelled, shield } from '@ambit/core';
import { suppress } from '@ambit/core/lowlevel';
import type { WaitOptions } from '../cancellable.ts';
import { BrokenResourceError } from '../errors.ts';
import type { LentClient, LentConnection, Statement } from './lent-client.ts';
import { Line } from './line.ts';
import { reportFailure } from './reports.ts';

/** One attempt of a transaction, on one connection. */
export class TransactionWork<C extends LentConnection> {
  readonly #lent: LentClient<C>;
  readonly #grace: number;
  readonly #line = new Line();
  #isOver = false;
  #failure: { readonly error: unknown } | undefined;

  constructor(lent: LentClient<C>, grace = 5000) {
    this.#lent = lent;
    this.#grace = grace;
  }

  /** The error of the first statement that failed: after that the server refuses all but a rollback. */
  get failure(): unknown {
    return this.#failure?.error;
  }

  /** The connection that it runs on. */
  get connection(): C {
    return this.#lent.connection;
  }

  async run<T>(begin: string, body: () => T | PromiseLike<T>): Promise<T> {
    await this.#lent.command(begin);
    try {
      const value = await body();
      this.#isOver = true;
      // In line behind statements that the body did not wait for. A cancelled caller commits nothing.
      await this.#line.run(() => this.#commit());
      return value;
    } catch (error) {
      this.#isOver = true;
      await shield(() => this.#rollBack(error));
      throw error;
    }
  }

  /** Runs a statement of the body, after those that were begun before. */
  async statement<R>(statement: Statement<R>, wait?: WaitOptions): Promise<R> {
    if (this.#isOver) {
      throw new InvalidStateError(
        'tx.query: the body of the transaction has ended; await every statement in the body',
      );
    }
    return this.#line.run(() => this.#noting(() => this.#lent.run(statement, wait)), wait);
  }

  async #noting<R>(run: () => Promise<R>): Promise<R> {
    try {
      return await run();
    } catch (error) {
      this.#failure ??= { error };
      throw error;
    }
  }

  async #commit(): Promise<void> {
    this.#lent.throwIfLost();
    const { command } = await this.#sendCommit();
    // What the server says to a COMMIT after a statement has failed.
    if (command !== 'ROLLBACK') return;
    throw new InvalidStateError(
      'transaction: a statement had failed, so that the server rolled back instead of committing; let errors of tx.query() leave the body',
      { cause: this.failure },
    );
  }

  async #sendCommit(): Promise<{ readonly command: string }> {
    try {
      const commit = (): Promise<{ readonly command: string }> => this.#lent.command('COMMIT');
      return await shield(() => this.#noting(commit), { grace: this.#grace });
    } catch (error) {
      if (this.#lent.isWhole || isCancelled(error)) throw error;
      throw new BrokenResourceError(
        'transaction: the connection was lost during COMMIT, which may have succeeded or not; look at the data before you run it again',
        { cause: error },
      );
    }
  }

  async #rollBack(reason: unknown): Promise<void> {
    this.#line.fail(
      new InvalidStateError(
        'tx.query: the transaction was rolled back before this statement began',
        {
          cause: reason,
        },
      ),
    );
    await this.#lent.stop(reason);
    if (!this.#lent.isWhole) return;
    try {
      await shield(() => this.#line.run(() => this.#lent.command('ROLLBACK')), {
        timeout: this.#grace,
      });
    } catch (error) {
      this.#lent.discard(error);
      suppress(reason, [error]);
      reportFailure('rollback', error);
    }
  }
}
