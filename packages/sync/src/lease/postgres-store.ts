import { checkOptions } from '@ambit/core/lowlevel';
import { reportStoreFailure } from './channels.ts';
import type {
  LeaseChange,
  LeaseGrant,
  LeaseHolder,
  LeaseKey,
  LeaseRequest,
  LeaseStore,
  RateRequest,
} from './lease-store.ts';
import { queryOf } from './postgres-client.ts';
import type { PostgresClient, Query, Row } from './postgres-client.ts';
import { listenTo } from './postgres-listener.ts';
import type { PostgresListener } from './postgres-listener.ts';
import { migration, quotedTable, statementsFor, tableDefinition } from './postgres-statements.ts';
import type { Statements } from './postgres-statements.ts';
import { originalText, storedText } from './stored-text.ts';

const DEFAULT_TABLE = 'ambit_leases';
/** The largest number of a slot. */
const MOST_SLOTS = 2 ** 31 - 1;
const UNDEFINED_TABLE = '42P01';

/** Options for {@link postgresStore}. @beta */
export interface PostgresStoreOptions {
  /** Where leases are kept, with its schema if you like. Default `'ambit_leases'`. */
  readonly table?: string | undefined;
  /**
   * What hears of changes: a connected Client of pg that the store alone uses, a PGlite, or what `postgres()` makes; not
   * through a pooler. With it, waiters are woken at once.
   */
  readonly listener?: PostgresListener | undefined;
}

/** A store on PostgreSQL. @beta */
export interface PostgresStore extends LeaseStore {
  /**
   * Creates the table unless it is there; many may call it at once.
   *
   * @throws (rejects) the client's error
   */
  migrate(): Promise<void>;
  /**
   * Deletes what has been idle for a day.
   *
   * @returns how many rows, once the server has answered
   * @throws (rejects) the client's error
   */
  sweep(): Promise<number>;
}

/**
 * Returns the definition of the table, for migrations of your own.
 *
 * @beta
 * @param table - its name, with its schema if you like; default `'ambit_leases'`
 * @returns a CREATE TABLE statement
 * @throws TypeError or RangeError if the name is not plain
 * @example
 * await client.query(leaseTable());
 */
export function leaseTable(table: string = DEFAULT_TABLE): string {
  return tableDefinition(quotedTable('leaseTable', table));
}

/**
 * Makes a store on PostgreSQL: one statement a question, no session, so that it works through PgBouncer in transaction
 * mode. Give it a small pool of its own: a renewal that waits for a connection may come too late. Call
 * {@link PostgresStore.migrate} once, or put {@link leaseTable} into your migrations.
 *
 * @beta
 * @param client - a Pool of pg, a PGlite, or what `postgres()` of postgres.js makes
 * @param options - `table`: where leases are kept; `listener`: a connection for wake-ups
 * @returns the store
 * @throws TypeError or RangeError if an argument is not what it should be
 * @example
 * const store = postgresStore(new Pool({ max: 2 }));
 * await store.migrate();
 */
export function postgresStore(
  client: PostgresClient,
  options?: PostgresStoreOptions,
): PostgresStore {
  checkOptions('postgresStore', options);
  const { table = DEFAULT_TABLE, listener } = options ?? {};
  const quoted = quotedTable('postgresStore', table);
  const query = queryOf('postgresStore', client);
  const channel = listener === undefined ? '' : channelOf(table);
  const store = new Store(query, { table, quoted, channel });
  if (listener !== undefined) store.listen(listener);
  return store;
}

/** A name that needs no quotes, made of any table's: FNV-1a. Two tables on one channel wake each other, which harms nothing. */
function channelOf(table: string): string {
  let hash = 0x811c9dc5;
  for (const character of table) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  }
  return `ambit_leases_${hash.toString(16)}`;
}

class Store implements PostgresStore {
  readonly #query: Query;
  readonly #statements: Statements;
  readonly #table: string;
  readonly #quoted: string;
  readonly #channel: string;
  readonly #callbacks = new Set<(name: string, change: LeaseChange) => void>();
  #isListening = false;

  constructor(
    query: Query,
    names: { readonly table: string; readonly quoted: string; readonly channel: string },
  ) {
    this.#query = query;
    this.#statements = statementsFor(names.quoted);
    this.#table = names.table;
    this.#quoted = names.quoted;
    this.#channel = names.channel;
  }

  get listening(): boolean {
    return this.#isListening;
  }

  listen(listener: PostgresListener): void {
    listenTo(listener, {
      channel: this.#channel,
      heard: (payload) => {
        const change = payload.startsWith('!') ? 'revoked' : 'released';
        const name = originalText(payload.slice(1));
        for (const callback of this.#callbacks) callback(name, change);
      },
      connected: (isConnected) => {
        this.#isListening = isConnected;
      },
      failed: (error) => {
        reportStoreFailure('listen', this.#channel, error);
      },
    });
  }

  async migrate(): Promise<void> {
    await this.#query(migration(this.#quoted), []);
  }

  async sweep(): Promise<number> {
    return Number((await this.#rows('sweep', []))[0]?.['n'] ?? 0);
  }

  async acquire(request: LeaseRequest & { readonly limit: number }): Promise<LeaseGrant> {
    const { name, holder, ttl, limit } = request;
    const [row] = await this.#rows('acquire', [name, holder, ttl, Math.min(limit, MOST_SLOTS)]);
    const fence = row?.['fence'] ?? null;
    if (fence !== null) return { granted: true, fence: Number(fence) };
    return { granted: false, retryAfter: Math.max(0, Number(row?.['wait'] ?? 0)) };
  }

  async renew({ name, holder, ttl }: LeaseRequest): Promise<'held' | 'revoked' | 'gone'> {
    const [row] = await this.#rows('renew', [name, holder, ttl]);
    return (row?.['answer'] as 'held' | 'revoked' | undefined) ?? 'gone';
  }

  async release({ name, holder }: LeaseKey): Promise<boolean> {
    return (await this.#rows('release', [name, holder, this.#channel])).length > 0;
  }

  async revoke(name: string): Promise<number> {
    return Number((await this.#rows('revoke', [name, this.#channel]))[0]?.['n'] ?? 0);
  }

  async holders(name: string): Promise<LeaseHolder[]> {
    return (await this.#rows('holders', [name])).map((row) => ({
      holder: originalText(String(row['holder'])),
      fence: Number(row['fence']),
      expiresIn: Number(row['wait']),
      revoked: row['revoked'] === true,
    }));
  }

  async take({ name, permits, interval, burst }: RateRequest): Promise<number> {
    if (permits < 0) {
      await this.#rows('giveBack', [name, -permits * interval]);
      return 0;
    }
    const [row] = await this.#rows('take', [name, permits * interval, burst * interval]);
    // Another has just inserted the first row: ask again.
    return row === undefined ? 1 : Number(row['wait']);
  }

  onChange(callback: (name: string, change: LeaseChange) => void): Disposable {
    this.#callbacks.add(callback);
    return { [Symbol.dispose]: () => void this.#callbacks.delete(callback) };
  }

  async #rows(operation: keyof Statements, values: readonly unknown[]): Promise<readonly Row[]> {
    try {
      const stored = values.map((value) => (typeof value === 'string' ? storedText(value) : value));
      return await this.#query(this.#statements[operation], stored);
    } catch (error) {
      if ((error as { code?: unknown } | undefined)?.code !== UNDEFINED_TABLE) throw error;
      throw new Error(
        `the table ${this.#table} is not there: call migrate() once, or put leaseTable() into your migrations`,
        { cause: error },
      );
    }
  }
}
