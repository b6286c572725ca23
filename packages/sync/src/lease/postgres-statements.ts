import { show } from '@ambit/core/lowlevel';
// One row for each name and slot: slots 0 to limit − 1 are its leases, slot −1 is its rate. One statement a question and no
// session, so that it works through a pooler in transaction mode.

const PART = '[A-Za-z_][A-Za-z0-9_]{0,62}';
const IDENTIFIER = new RegExp(`^${PART}([.]${PART})?$`);

/** The table's name as SQL has it, with its schema if it has one. */
export function quotedTable(where: string, table: unknown): string {
  if (typeof table !== 'string') {
    throw new TypeError(`${where}: table is ${show(table)}, not a string; give a string`);
  }
  if (!IDENTIFIER.test(table)) {
    throw new RangeError(
      `${where}: table is ${show(table)}; give a name of letters, digits and underscores, with its schema if you like`,
    );
  }
  return table
    .split('.')
    .map((part) => `"${part}"`)
    .join('.');
}

/** The DDL of the table. */
export function tableDefinition(quoted: string): string {
  return `CREATE TABLE IF NOT EXISTS ${quoted} (
  name text NOT NULL,
  slot integer NOT NULL,
  holder text NOT NULL,
  revoked boolean NOT NULL DEFAULT false,
  fence bigint NOT NULL,
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (name, slot)
) WITH (fillfactor = 50)`;
}

/**
 * Creates the table unless it is there. One caller after another: CREATE TABLE IF NOT EXISTS run by several at once fails
 * with 23505, 42P07 or 42710. Where it is there, no right to create one is needed.
 */
export function migration(quoted: string): string {
  return `DO $migrate$ BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('ambit_leases'));
  IF to_regclass('${quoted}') IS NULL THEN ${tableDefinition(quoted)}; END IF;
END $migrate$`;
}

export interface Statements {
  readonly acquire: string;
  readonly renew: string;
  readonly release: string;
  readonly revoke: string;
  readonly holders: string;
  readonly take: string;
  readonly giveBack: string;
  readonly sweep: string;
}

const NOW = 'clock_timestamp()';
const MICROSECONDS = `(extract(epoch FROM ${NOW}) * 1000000)::bigint`;
const milliseconds = (parameter: string): string =>
  `${parameter}::float8 * interval '1 millisecond'`;
const millisecondsUntil = (instant: string): string =>
  `extract(epoch FROM ${instant} - ${NOW})::float8 * 1000`;

/** The number of free slots among which one is chosen by chance: two that ask at once seldom take the same one. */
const CHOICE = 64;

/** $1 name, $2 holder, $3 ttl, $4 limit. Gives a fence, or the milliseconds to wait. */
function acquire(table: string): string {
  // A slot that this holder has already comes first: a request that a client sent twice is one.
  return `WITH live AS (
    SELECT slot, holder, revoked, expires_at FROM ${table}
      WHERE name = $1::text AND slot >= 0 AND expires_at > ${NOW}),
  mine AS (SELECT slot FROM live WHERE holder = $2::text AND NOT revoked LIMIT 1),
  free AS (
    SELECT slot FROM mine UNION ALL (
      SELECT s FROM generate_series(0, least($4::integer, (SELECT count(*) FROM live)::integer + ${CHOICE}) - 1) s
        WHERE NOT EXISTS (SELECT 1 FROM live WHERE holder = $2::text)
          AND (SELECT count(*) FROM live) < $4::integer
          AND s NOT IN (SELECT slot FROM live)
        ORDER BY random() LIMIT 1)),
  granted AS (
    INSERT INTO ${table} AS t (name, slot, holder, fence, expires_at)
      SELECT $1::text, slot, $2::text, ${MICROSECONDS}, ${NOW} + ${milliseconds('$3')} FROM free
    ON CONFLICT (name, slot) DO UPDATE SET
      holder = excluded.holder, revoked = false, expires_at = ${NOW} + ${milliseconds('$3')},
      fence = CASE WHEN t.holder = excluded.holder AND t.expires_at > ${NOW} THEN t.fence
        ELSE greatest(t.fence + 1, ${MICROSECONDS}) END
      WHERE (t.holder = excluded.holder AND NOT t.revoked) OR t.expires_at <= ${NOW}
    RETURNING fence)
  SELECT fence::text AS fence, 0::float8 AS wait FROM granted
  UNION ALL
  SELECT NULL, CASE WHEN count(*) < $4::integer THEN 0 ELSE ${millisecondsUntil('min(expires_at)')} END
    FROM live WHERE NOT EXISTS (SELECT 1 FROM granted)`;
}

/** $1 name, $2 cost and $3 room in milliseconds. The bucket is full at expires_at. Gives the milliseconds to wait. */
function take(table: string): string {
  const next = `greatest(t.expires_at, ${NOW}) + ${milliseconds('$2')}`;
  return `WITH taken AS (
    INSERT INTO ${table} AS t (name, slot, holder, fence, expires_at)
      VALUES ($1::text, -1, '', 0, ${NOW} + ${milliseconds('$2')})
    ON CONFLICT (name, slot) DO UPDATE SET expires_at = ${next}
      WHERE ${next} - ${NOW} <= ${milliseconds('$3')}
    RETURNING 1)
  SELECT 0::float8 AS wait FROM taken
  UNION ALL
  SELECT greatest(1, ${millisecondsUntil(`(${next} - ${milliseconds('$3')})`)}) FROM ${table} t
    WHERE t.name = $1::text AND t.slot = -1 AND NOT EXISTS (SELECT 1 FROM taken)`;
}

/** $1 name, $2 holder, $3 ttl. Gives a row if it is there. */
function renew(table: string, live: string): string {
  // Locked first: it waits for one that revokes it at this moment, and then sees that.
  return `WITH mine AS (
      SELECT slot, revoked FROM ${table} WHERE ${live} AND holder = $2::text FOR UPDATE),
    renewed AS (
      UPDATE ${table} t SET expires_at = ${NOW} + ${milliseconds('$3')}
        FROM mine WHERE t.name = $1::text AND t.slot = mine.slot AND NOT mine.revoked)
    SELECT CASE WHEN revoked THEN 'revoked' ELSE 'held' END AS answer FROM mine LIMIT 1`;
}

/** $1 name, $2 holder, $3 channel, or '' if nothing listens. Gives a row if it was held. */
function release(table: string): string {
  return `WITH was AS (
      SELECT slot, expires_at > ${NOW} AS live FROM ${table}
        WHERE name = $1::text AND slot >= 0 AND holder = $2::text FOR UPDATE),
    ended AS (
      UPDATE ${table} t SET holder = '', revoked = false, expires_at = least(t.expires_at, ${NOW})
        FROM was WHERE t.name = $1::text AND t.slot = was.slot RETURNING was.live)
    SELECT 1 AS ok, CASE WHEN $3::text <> '' THEN pg_notify($3::text, '-' || $1::text) END
      FROM ended WHERE live`;
}

export function statementsFor(table: string): Statements {
  const live = `name = $1::text AND slot >= 0 AND expires_at > ${NOW}`;
  return {
    acquire: acquire(table),
    renew: renew(table, live),
    release: release(table),
    revoke: `WITH revoked AS (
        UPDATE ${table} SET revoked = true WHERE ${live} AND NOT revoked RETURNING 1)
      SELECT count(*)::integer AS n,
        CASE WHEN $2::text <> '' AND count(*) > 0 THEN pg_notify($2::text, '!' || $1::text) END
        FROM revoked`,
    holders: `SELECT holder, revoked, fence::text AS fence, ${millisecondsUntil('expires_at')} AS wait
      FROM ${table} WHERE ${live} ORDER BY slot`,
    take: take(table),
    giveBack: `UPDATE ${table} SET expires_at = expires_at - ${milliseconds('$2')}
      WHERE name = $1::text AND slot = -1`,
    sweep: `WITH idle AS (
        DELETE FROM ${table} WHERE expires_at < ${NOW} - interval '1 day' RETURNING 1)
      SELECT count(*)::integer AS n FROM idle`,
  };
}
