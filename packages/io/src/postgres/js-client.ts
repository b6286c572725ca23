import { show } from '@ambit/core/lowlevel';

/** As much of the `sql` of postgres.js as the functions of this door use. @beta */
export interface PostgresJs {
  /** Makes a query, or a part of one, from a template. */
  (template: TemplateStringsArray, ...parameters: never[]): unknown;
  /** Makes a query from its text. */
  unsafe(text: string): PromiseLike<unknown>;
  /** Runs a transaction; only its type is used. */
  readonly begin: unknown;
  /** What the client was made with. */
  readonly options: object;
}

/** A query of postgres.js that is not awaited, and so not sent yet. @beta */
export interface PostgresJsQuery<T> extends PromiseLike<T> {
  /** Asks for its end as postgres.js does, and returns at once. Not used here. */
  cancel(): unknown;
}

/** What `sql.begin()` gives to its body: the `sql` of a transaction. @beta */
export type TransactionSql<S extends PostgresJs> = S['begin'] extends (
  options: string,
  body: (sql: infer T) => infer _R,
) => unknown
  ? T
  : never;

/** What lets another connection cancel a session. */
interface SessionKey {
  readonly pid: number | null;
  readonly secret: number | null;
}

/** A query as it is inside. */
export interface InnerQuery extends PostgresJsQuery<unknown> {
  /** The parts of its text between the parameters. */
  readonly strings: readonly string[];
  readonly executed: boolean;
  /** Whether it is the one on its connection that the server answers next. */
  readonly active?: boolean;
  /** The key of the session that runs it, once it is sent. */
  readonly state: SessionKey | null;
  readonly cursorRows?: unknown;
  readonly streaming?: unknown;
  readonly onlyDescribe?: unknown;
  /** Called when it is awaited for the first time. */
  handler: (query: InnerQuery) => void;
  reject: (error: unknown) => void;
}

/** A connection of the pool as it is inside. */
export interface PoolConnection {
  execute(query: InnerQuery): unknown;
  /** Ends what runs with an error, and closes it. */
  terminate(): void;
  /** Called when the server is ready for the next query; null once the connection is free, or closed. */
  reserved: Hold | null;
  /** Called once when it is closed. */
  onclose: ((error: unknown) => void) | null;
}

/** While `release` is true the connection stays reserved. Else it is free when the server is ready and in no transaction. */
type Hold = (() => void) & { release: boolean };

/** `sql.unsafe` as it is inside. */
export type Unsafe = (
  text: string,
  values?: readonly unknown[],
  options?: { readonly onexecute: (connection: PoolConnection) => boolean },
) => InnerQuery;

export function unsafeOf(sql: PostgresJs): Unsafe {
  return (sql as unknown as { readonly unsafe: Unsafe }).unsafe;
}

function isSql(given: unknown): given is PostgresJs {
  if (typeof given !== 'function') return false;
  const { unsafe, begin, options } = given as Partial<PostgresJs>;
  return typeof unsafe === 'function' && typeof begin === 'function' && typeof options === 'object';
}

export function checkSql(where: string, sql: unknown): asserts sql is PostgresJs {
  if (isSql(sql)) return;
  throw new TypeError(
    `${where}: sql is ${show(sql)}; give first what postgres() has returned, not the sql of a transaction`,
  );
}

/** Whether something is a query or a part of one, not a list of values such as `sql(names)`. */
export function isQuery(made: unknown): made is InnerQuery {
  return typeof made === 'object' && made !== null && 'then' in made && 'strings' in made;
}

/** A query that this door can run; anything else is refused. */
export function checkQuery(where: string, made: unknown): asserts made is InnerQuery {
  if (!isQuery(made)) {
    throw new TypeError(
      `${where}: build returned ${show(made)}; return a query that is not awaited: (sql) => sql\`SELECT 1\``,
    );
  }
  if (made.executed) {
    throw new TypeError(`${where}: the query was sent before; make a new one for each call`);
  }
  const { cursorRows, streaming, onlyDescribe } = made;
  const isMore = [cursorRows, streaming, onlyDescribe].some((each) => each !== undefined);
  // A file is read before its query is sent.
  if (isMore || made.strings.length === 0) {
    throw new TypeError(
      `${where}: the query is a cursor, a stream, a description or a file; await it without this function`,
    );
  }
}
