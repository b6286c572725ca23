/** As much of a Pool or Client of pg, or of a PGlite, as a store uses. @beta */
export interface PgLike {
  /**
   * Sends the `text` of a statement with its `values`; returns its rows once the server has answered.
   *
   * @throws (rejects) the client's error
   */
  query(text: string, values?: unknown[]): Promise<{ rows: unknown[] }>;
}

/** As much of what `postgres()` of postgres.js makes as a store uses. @beta */
export interface PostgresJsLike {
  /**
   * Sends the `text` of a statement with its `parameters`; returns its rows once the server has answered.
   *
   * @throws (rejects) the client's error
   */
  unsafe(text: string, parameters?: never[]): PromiseLike<readonly unknown[]>;
}

/** A client that a store can use. @beta */
export type PostgresClient = PgLike | PostgresJsLike;

/** A row of an answer, by column. */
export type Row = Readonly<Record<string, unknown>>;

/** Sends one statement and resolves with its rows. */
export type Query = (text: string, values: readonly unknown[]) => Promise<readonly Row[]>;

/** How this kind of client is asked. */
export function queryOf(where: string, client: PostgresClient): Query {
  const given = client as Partial<PgLike & PostgresJsLike> | null | undefined;
  if (typeof given?.unsafe === 'function') {
    const sql = client as PostgresJsLike;
    return async (text, values) => [...(await sql.unsafe(text, values as never[]))] as Row[];
  }
  if (typeof given?.query === 'function') {
    const pool = client as PgLike;
    return async (text, values) => (await pool.query(text, [...values])).rows as Row[];
  }
  throw new TypeError(
    `${where}: client has no query() or unsafe(); give a Pool of pg, a PGlite, or what postgres() makes`,
  );
}
