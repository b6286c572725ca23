import { show } from '@ambit/core/lowlevel';

/** A column of a {@link PgResult}. @beta */
export interface PgField {
  /** What the statement calls it. */
  readonly name: string;
  /** The object id of its type. */
  readonly dataTypeID: number;
}

/** As much of the result of pg as a caller needs. @beta */
export interface PgResult<R> {
  /** One object for each row, by column. */
  readonly rows: R[];
  /** Rows that the statement gave or changed; null where it has no such number. */
  readonly rowCount: number | null;
  /** The first word of the statement, as the server names it. */
  readonly command: string;
  /** The columns. */
  readonly fields: readonly PgField[];
}

/** As much of a connection that a Pool of pg lends as the functions of this door use. @beta */
export interface PgClient {
  /**
   * Sends the `text` of a statement with its `values`; returns its result once the server has answered.
   *
   * @throws (rejects) the client's error
   */
  query(text: string, values?: unknown[]): Promise<PgResult<unknown>>;
  /** Gives the connection back; with `true` in `destroy` it is closed. */
  release(destroy?: boolean): void;
  /** Returns what the server said last: `'I'` outside of a transaction, `'T'` in one, `'E'` in one that has failed. */
  getTransactionStatus?(): string | null;
  /** Calls the listener at each `event`; returns the client. */
  on(event: 'error', listener: (error: Error) => void): unknown;
  /** Calls the listener at each `event`; returns the client. */
  on(event: 'end', listener: () => void): unknown;
  /** Calls the listener at each `event`; returns the client. */
  on(event: 'notification', listener: (message: PgMessage) => void): unknown;
  /** Stops calling the listener at the `event`; returns the client. */
  removeListener(event: 'error', listener: (error: Error) => void): unknown;
  /** Stops calling the listener at the `event`; returns the client. */
  removeListener(event: 'end', listener: () => void): unknown;
  /** Stops calling the listener at the `event`; returns the client. */
  removeListener(event: 'notification', listener: (message: PgMessage) => void): unknown;
}

/** A notification, as pg gives it. @beta */
export interface PgMessage {
  /** The channel that it was sent to. */
  readonly channel: string;
  /** The text that was sent with it. */
  readonly payload?: string | undefined;
}

/** As much of a Pool of pg as the functions of this door use. @beta */
export interface PgPool {
  /**
   * Waits for a connection that is free, or makes one.
   *
   * @throws (rejects) the pool's error
   */
  connect(): Promise<PgClient>;
}

export function checkPool(where: string, pool: unknown): asserts pool is PgPool {
  const given = pool as Partial<Record<string, unknown>> | null | undefined;
  if (typeof given?.['connect'] !== 'function') {
    throw new TypeError(`${where}: pool is ${show(pool)}; give a Pool of pg`);
  }
  if ('processID' in given || typeof given['release'] === 'function') {
    throw new TypeError(`${where}: pool is a single client; give a Pool of pg`);
  }
}

export function checkText(where: string, text: unknown): asserts text is string {
  if (typeof text === 'string') return;
  throw new TypeError(`${where}: text is ${show(text)}; give the text of a statement`);
}

export function checkValues(where: string, values: unknown): void {
  if (values === undefined || Array.isArray(values)) return;
  throw new TypeError(`${where}: values is ${show(values)}; give an array, or nothing`);
}
