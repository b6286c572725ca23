/*
 * A connection of postgres.js, for as long as it is lent.
 *
 * postgres.js sends queries of several callers over one connection, one behind the other, and has `query.cancel()`. That is
 * not enough to cancel a query:
 *
 * - A cancel request names a connection. One that arrives late ends the next query, which is another caller's.
 * - `cancel()` of a query that is about to be sent leaves the connection unusable for the rest of the program.
 * - A request that fails is a rejection that no caller can handle, and ends the process. It cannot be repeated either.
 * - It goes to the first of several hosts.
 *
 * So a query gets a connection of its own, and the request is sent as for pg. `sql.reserve()` was tried and is not enough:
 * nothing tells that its connection was closed, and a statement on it, or the next borrower's, then ends the process; with
 * `fetch_types: false` it waits forever on a new connection; `sql.end()` waits forever for a connection that was released
 * meanwhile; a transaction that is open goes to the next borrower.
 *
 * `sql.begin()` has none of these troubles, and this class does what `begin` does inside. An empty statement gets a
 * connection from the pool by the option `onexecute`, in one packet with the statement behind it. `reserved` keeps the
 * connection, `onclose` tells of its end, and it goes back by itself when the server is ready and in no transaction, or is
 * closed if the pool is ending. What holds:
 *
 * - J1 A cancel request is only sent while the connection is held: nothing of another caller can be on it. The empty statement may
 *   have been sent behind the query of another; then the connection is lent once that has been answered.
 * - J2 The last statement lets go, so that a query takes no longer for it. A cancellation that comes before the answer holds
 *   on; another empty statement lets go when the request can reach nothing any more.
 * - J3 Nothing is sent on a connection that was closed.
 */
import { gatherSettled } from '@ambit/core';
import { park } from '@ambit/core/lowlevel';
import { sendCancelRequest } from './cancel-request.ts';
import { unsafeOf } from './js-client.ts';
import type { InnerQuery, PoolConnection, PostgresJs } from './js-client.ts';
import { targetsOf } from './js-targets.ts';
import type { Lend, LentConnection, Statement } from './lent-client.ts';
import { endsConnection, isFromServer, isShutdown } from './sql-state.ts';

/** Gets connections from a pool of postgres.js. */
export function lenderOf(sql: PostgresJs): Lend<JsConnection> {
  return async () => {
    const { max = 1 } = sql.options as { readonly max?: number };
    for (let tries = 0; ; tries += 1) {
      try {
        return await lend(sql);
      } catch (error) {
        // Of a query that was lost with its connection, postgres.js gives the error to the first one on the next as well.
        if (!isShutdown(error) || tries >= max) throw error;
      }
    }
  };
}

const UNKNOWN = 'this version of postgres.js is not known; update @ambit/io';

function lend(sql: PostgresJs): Promise<JsConnection> {
  return park<JsConnection>(
    (waker) => {
      let lent: JsConnection | undefined;
      const first = unsafeOf(sql)('', [], {
        onexecute: (connection) => {
          lent = new JsConnection(sql, connection, first);
          // J1
          if (first.active === true) waker.wake(lent);
          // It takes on no query of others.
          return false;
        },
      });
      first.then(
        () => {
          if (lent === undefined) waker.fail(new Error(UNKNOWN));
          else waker.wake(lent);
        },
        (error: unknown) => waker.fail(error),
      );
    },
    { name: 'a connection of postgres.js' },
  );
}

/** A connection that a pool of postgres.js has lent. */
export class JsConnection implements LentConnection {
  readonly #sql: PostgresJs;
  readonly #connection: PoolConnection;
  readonly #first: InnerQuery;
  /** The pool does not have the connection while this is its `reserved`. */
  readonly #hold = Object.assign(() => undefined, { release: true });
  #isKept = false;
  #hasMisfired = false;
  #onLost: ((error: unknown) => void) | undefined;

  constructor(sql: PostgresJs, connection: PoolConnection, first: InnerQuery) {
    this.#sql = sql;
    this.#connection = connection;
    this.#first = first;
    connection.reserved = this.#hold;
    connection.onclose = this.#onClose;
  }

  readonly #onClose = (error: unknown): void => this.#onLost?.(error);

  get #isHeld(): boolean {
    return this.#connection.reserved === this.#hold;
  }

  watch(onLost: (error: unknown) => void): void {
    this.#onLost = onLost;
  }

  /** A statement that is sent here, not by the pool. */
  statement(query: InnerQuery): Statement<unknown> {
    query.handler = () => this.#execute(query);
    // Its own `then` sends it; another may have been put before it.
    const own = Object.getPrototypeOf(query) as { readonly then: Promise<unknown>['then'] };
    return { text: query.strings.join('?'), send: () => Reflect.apply(own.then, query, []) };
  }

  // A value that cannot be sent: postgres.js blames the query before, which is the empty one, and forgets this one.
  #execute(query: InnerQuery): void {
    let failure: { readonly error: unknown } | undefined;
    this.#first.reject = (error) => (failure ??= { error });
    this.#connection.execute(query);
    if (failure === undefined) return;
    this.#hasMisfired = true;
    query.reject(failure.error);
  }

  /** The only statement of a borrower: the connection is back in its pool when it has been answered. */
  lastStatement(query: InnerQuery): Statement<unknown> {
    const statement = this.statement(query);
    const { handler } = query;
    query.handler = () => {
      this.#hold.release = this.#isKept;
      handler(query);
    };
    return statement;
  }

  async send(text: string): Promise<{ readonly command: string }> {
    const { send } = this.statement(unsafeOf(this.#sql)(text));
    return (await send()) as { readonly command: string };
  }

  isLostBy(error: unknown): boolean {
    return isFromServer(error) ? endsConnection(error) : isOfSocket(error);
  }

  // J1, J2
  keep(): boolean {
    if (!this.#isHeld) return false;
    this.#isKept = true;
    this.#hold.release = true;
    return true;
  }

  async cancel(): Promise<void> {
    const requests = targetsOf(this.#sql, this.#first.state).map(
      (target) => () => sendCancelRequest(target),
    );
    for (const outcome of await gatherSettled(requests)) {
      if (outcome.status === 'rejected') throw outcome.reason;
    }
  }

  giveBack(state: 'whole' | 'broken'): void {
    if (!this.#isHeld) this.#forget();
    else if (state === 'whole' && !this.#hasMisfired) this.#letGo();
    else this.#close();
  }

  #letGo(): void {
    this.#hold.release = false;
    const { send } = this.statement(unsafeOf(this.#sql)(''));
    const close = (): void => {
      this.#forget();
      // A transaction is open.
      if (this.#isHeld) this.#close();
    };
    send().then(close, close);
  }

  // After what was written in this turn is on its way: postgres.js would never write on this connection again.
  #close(): void {
    setImmediate(() => {
      if (this.#isHeld) this.#connection.terminate();
    });
  }

  #forget(): void {
    if (this.#connection.onclose === this.#onClose) this.#connection.onclose = null;
  }
}

/** Whether an error is one of a connection that broke, as opposed to one of a value or a row. */
function isOfSocket(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  if ('syscall' in error) return true;
  return 'code' in error && /^(CONNECT|ECONN|EPIPE|ERR_(STREAM|SSL|TLS)_)/.test(String(error.code));
}
