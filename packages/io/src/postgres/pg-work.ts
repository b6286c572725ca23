import { InvalidStateError, isCancelled, shield } from '@ambit/core';
import { checkOptions, checkSignal, suppress } from '@ambit/core/lowlevel';
import type { WaitOptions } from '../cancellable.ts';
import { BrokenResourceError } from '../errors.ts';
import type { LentClient, Statement } from './lent-client.ts';
import { Line } from './line.ts';
import { checkText, checkValues } from './pg-client.ts';
import type { PgResult } from './pg-client.ts';
import { reportFailure } from './reports.ts';

/** A transaction, for as long as its body runs. @beta */
export interface PgTransaction {
  /**
   * Runs one statement in the transaction, after those that were begun before. If the call is cancelled, the statement is
   * cancelled on the server, and the call waits until it has ended; the transaction can only be rolled back then.
   *
   * @param text - of the statement, with `$1`, `$2` for the values
   * @param values - of the parameters
   * @param options - `signal`: cancels the call too
   * @returns the result of pg
   * @throws (rejects) the error of the server or of the connection; InvalidStateError once the body has ended; the ambient
   *   scope's CancelledError; `signal.reason`; TypeError for bad arguments
   */
  query<R = Record<string, unknown>>(
    text: string,
    values?: readonly unknown[],
    options?: WaitOptions,
  ): Promise<PgResult<R>>;
}

/** One attempt of a transaction, on one connection. */
export class PgWork {
  readonly #lent: LentClient;
  readonly #grace: number;
  readonly #line = new Line();
  #isOver = false;
  #failure: { readonly error: unknown } | undefined;

  constructor(lent: LentClient, grace = 5000) {
    this.#lent = lent;
    this.#grace = grace;
  }

  /** The error of the first statement that failed: after that the server refuses all but a rollback. */
  get failure(): unknown {
    return this.#failure?.error;
  }

  async run<T>(begin: string, body: (tx: PgTransaction) => T | PromiseLike<T>): Promise<T> {
    await this.#lent.query({ text: begin });
    try {
      const value = await body({ query: this.#query });
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

  readonly #query = async <R>(
    text: string,
    ...[values, options]: [values?: readonly unknown[], options?: WaitOptions]
  ): Promise<PgResult<R>> => {
    checkText('tx.query', text);
    checkValues('tx.query', values);
    checkOptions('tx.query', options);
    checkSignal('tx.query', options?.signal);
    if (this.#isOver) {
      throw new InvalidStateError(
        'tx.query: the body of the transaction has ended; await every statement in the body',
      );
    }
    const run = (): Promise<PgResult<unknown>> => this.#statement({ text, values }, options);
    return (await this.#line.run(run, options)) as PgResult<R>;
  };

  async #statement(statement: Statement, wait?: WaitOptions): Promise<PgResult<unknown>> {
    try {
      return await this.#lent.query(statement, wait);
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

  async #sendCommit(): Promise<PgResult<unknown>> {
    try {
      return await shield(() => this.#statement({ text: 'COMMIT' }), { grace: this.#grace });
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
      await shield(() => this.#line.run(() => this.#lent.query({ text: 'ROLLBACK' })), {
        timeout: this.#grace,
      });
    } catch (error) {
      this.#lent.discard(error);
      suppress(reason, [error]);
      reportFailure('rollback', error);
    }
  }
}
