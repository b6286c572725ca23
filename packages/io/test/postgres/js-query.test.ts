import http from 'node:http';
import type { Pool } from 'pg';
import type { Sql } from 'postgres';
import {
  CancelScope,
  gather,
  isCancelled,
  moveOnAfter,
  sleep,
  suppressedErrors,
} from '@ambit/core';
import { taskGroup, timeout, TimeoutError } from '@ambit/core';
import type { TestServer } from '../../../../test-servers/servers.ts';
import { until } from '../../../../test-servers/until.ts';
import { BrokenResourceError } from '../../src/index.ts';
import { query, transaction } from '../../src/postgres-js.ts';
import type { PostgresJs } from '../../src/postgres-js.ts';
import { serving } from '../support/http-parts.ts';
import { seeded } from '../support/seeded.ts';
import { expectWhole, MOST, sqlOf, usePostgresJs } from './js-parts.ts';
import { published, running, terminateOthers } from './pg-parts.ts';

let server: TestServer;
let observer: Pool;
let sql: Sql;

usePostgresJs((parts) => ({ server, observer, sql } = parts));

describe('query', () => {
  test('gives the result of postgres.js', async () => {
    const rows = await query(sql, (sql) => sql<{ sum: number }[]>`SELECT ${41}::int + 1 AS sum`);
    expect([...rows]).toEqual([{ sum: 42 }]);
    expect([rows.count, rows.command]).toEqual([1, 'SELECT']);
    const [row] = await query(sql, (sql) => sql`SELECT ${sql('sum')} FROM (VALUES (1)) AS t (sum)`);
    expect(row).toEqual({ sum: 1 });
    expect([...(await query(sql, (sql) => sql`SELECT 1, 2`.values()))]).toEqual([[1, 2]]);
    expect([...(await query(sql, (sql) => sql.unsafe('SELECT $1 AS a', ['x'])))]).toEqual([
      { a: 'x' },
    ]);
  });

  test('throws the error of the server, and the connection goes back', async () => {
    await expect(query(sql, (sql) => sql`SELECT 1 / 0`)).rejects.toMatchObject({ code: '22012' });
    await expectWhole(sql, observer);
  });

  test('an error of a value or of a row costs no connection', async () => {
    for (let round = 0; round <= MOST; round += 1) {
      const value = undefined as unknown as string;
      await expect(query(sql, (sql) => sql`SELECT ${value}`)).rejects.toMatchObject({
        code: 'UNDEFINED_VALUE',
      });
      const loop: { self?: unknown } = {};
      loop.self = loop;
      const json = query(sql, (sql) => sql`SELECT ${sql.json(loop as never)}::json AS a`);
      await expect(json).rejects.toThrow(/circular/);
    }
    await expectWhole(sql, observer);
  });

  test('cancelled, it ends on the server first, and the connection goes back whole', async () => {
    const scope = new CancelScope();
    const ending = scope.run(() => query(sql, (sql) => sql`SELECT pg_sleep(30), 1 AS cancelled`));
    await until(async () => (await running(observer, '1 AS cancelled')) === 1);
    scope.cancel();
    expect(await ending).toBeUndefined();
    // No wait: it has ended there before the call has ended here.
    expect(await running(observer, '1 AS cancelled')).toBe(0);
    await expectWhole(sql, observer);
  });

  test('cancelled in the tick in which it is sent, it does not run on either', async () => {
    for (let round = 0; round < 20; round += 1) {
      const seconds = 30 + round;
      await moveOnAfter(round % 4, () =>
        query(sql, (sql) => sql`SELECT pg_sleep(${seconds}), 2 AS at_once`),
      );
      expect(await running(observer, '2 AS at_once')).toBe(0);
    }
    await expectWhole(sql, observer);
  });

  test('a deadline and a signal cancel it', async () => {
    const long = (): Promise<unknown> => query(sql, (sql) => sql`SELECT pg_sleep(30)`);
    await expect(timeout(50, long)).rejects.toThrow(TimeoutError);
    const controller = new AbortController();
    const reason = new Error('the user left');
    const asked = query(sql, (sql) => sql`SELECT pg_sleep(30)`, { signal: controller.signal });
    setTimeout(() => controller.abort(reason), 30);
    await expect(asked).rejects.toBe(reason);
    await expectWhole(sql, observer);
  });

  test('in a cancelled scope nothing is sent', async () => {
    const scope = new CancelScope();
    await scope.run(() => {
      scope.cancel();
      return query(sql, (sql) => sql`CREATE TABLE never_made ()`);
    });
    const [row] = await sql`SELECT to_regclass('never_made') AS made`;
    expect(row).toEqual({ made: null });
  });

  test('a caller that is cancelled in the line for a connection takes none', async () => {
    const single = sqlOf(server.port, { max: 1 });
    const first = query(single, (sql) => sql`SELECT pg_sleep(0.1), 1 AS first`);
    expect(await moveOnAfter(30, () => query(single, (sql) => sql`SELECT 1`))).toBeUndefined();
    expect((await first).count).toBe(1);
    expect((await query(single, (sql) => sql`SELECT 1 AS one`))[0]).toEqual({ one: 1 });
    await single.end();
  });

  test.each([0, 5, 30])(
    'cancelled after %d ms behind a query of another, it hits no other',
    async (ms) => {
      const single = sqlOf(server.port, { max: 1 });
      const ofAnother = (): Promise<unknown> => single`SELECT pg_sleep(0.1)`.execute();
      // Behind one that it has prepared postgres.js sends the next query at once.
      await ofAnother();
      const other = ofAnother();
      await gather([
        async () => expect(await other).toHaveLength(1),
        () =>
          moveOnAfter(ms, () => query(single, (sql) => sql`SELECT 1 AS cancelled`, { grace: 50 })),
      ]);
      expect(await query(single, (sql) => sql`SELECT 1 AS one`)).toHaveLength(1);
      await single.end();
    },
  );

  test('a cancellation in the tick of the answer hits no query of another', async () => {
    const single = sqlOf(server.port, { max: 1 });
    const untouched = async (): Promise<void> => {
      for (let round = 0; round < 50; round += 1) await single`SELECT pg_sleep(0.002)`;
    };
    const cancelled = async (): Promise<void> => {
      for (let round = 0; round < 50; round += 1) {
        await moveOnAfter(round % 6, () => query(single, (sql) => sql`SELECT pg_sleep(0.002)`));
      }
    };
    await gather([untouched, cancelled]);
    await single.end();
  });

  test('a result that was faster than the cancellation is not lost', async () => {
    await observer.query('CREATE TABLE taken (id int)');
    await observer.query('INSERT INTO taken SELECT generate_series(1, 200)');
    let taken = 0;
    for (let round = 0; round < 40; round += 1) {
      await moveOnAfter(round % 5, async () => {
        const rows = await query(
          sql,
          (sql) => sql`DELETE FROM taken WHERE id = (SELECT min(id) FROM taken) RETURNING id`,
        );
        taken += rows.length;
      });
    }
    const { rows } = await observer.query<{ count: number }>('SELECT count(*)::int FROM taken');
    expect(rows[0]!.count + taken).toBe(200);
    await observer.query('DROP TABLE taken');
  });

  test('25 clients that leave: 25 queries are cancelled on the server', async () => {
    const wide = sqlOf(server.port, { max: 25 });
    const handler = async (): Promise<void> => {
      await query(wide, (sql) => sql`SELECT pg_sleep(30), 3 AS of_clients`);
    };
    await serving(handler, async ({ port }) => {
      const clients = Array.from({ length: 25 }, () =>
        http.get({ port, host: '127.0.0.1' }).on('error', () => undefined),
      );
      await until(async () => (await running(observer, '3 AS of_clients')) === 25);
      for (const client of clients) client.destroy();
      await until(async () => (await running(observer, '3 AS of_clients')) === 0);
    });
    await wide.end();
  });

  test('a shutdown under load leaves no query, and no connection is lost to the pool', async () => {
    const scope = new CancelScope();
    const work = scope.run(() =>
      taskGroup(async (group) => {
        for (let worker = 0; worker < 12; worker += 1) {
          void group.spawn(async () => {
            for (;;) await query(sql, (sql) => sql`SELECT pg_sleep(${0.02}), 4 AS of_load`);
          });
        }
        await sleep(10_000);
      }),
    );
    await sleep(150);
    scope.cancel();
    await work;
    expect(await running(observer, '4 AS of_load')).toBe(0);
    await expectWhole(sql, observer);
  });

  test('a lost connection is an error of the caller alone', async () => {
    const asked = query(sql, (sql) => sql`SELECT pg_sleep(30), 5 AS of_lost`);
    const seen = asked.catch((error: unknown) => error);
    await until(async () => (await running(observer, '5 AS of_lost')) === 1);
    await terminateOthers(observer);
    expect(await seen).toMatchObject({ code: 'CONNECTION_CLOSED' });
    expect((await query(sql, (sql) => sql`SELECT 1 AS one`))[0]).toEqual({ one: 1 });
    await expectWhole(sql, observer);
  });

  test('failover under load: each error comes to its caller, and the pool recovers', async () => {
    // With them, postgres.js has an unhandled rejection if a connection breaks just when it is made.
    const bare = sqlOf(server.port, { fetch_types: false });
    const errors: unknown[] = [];
    let answered = 0;
    let isOver = false;
    const worker = async (): Promise<void> => {
      while (!isOver) {
        try {
          await query(bare, (sql) => sql`SELECT pg_sleep(0.005)`);
          answered += 1;
        } catch (error) {
          errors.push(error);
        }
      }
    };
    const load = gather(Array.from({ length: 8 }, () => worker));
    for (let round = 0; round < 5; round += 1) {
      await sleep(60);
      await terminateOthers(observer);
    }
    const before = answered;
    await until(() => answered > before + 20);
    isOver = true;
    await load;
    expect(errors.length).toBeGreaterThan(0);
    await expectWhole(bare, observer);
    await bare.end();
  });

  test('a server that cannot be reached: each call fails, and the pool works when it is back', async () => {
    const port = [1];
    const far = sqlOf(0, { port } as never);
    const one = (): Promise<unknown> => query(far, (sql) => sql`SELECT 1`);
    for (let round = 0; round < 6; round += 1) {
      await expect(one()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    }
    port[0] = server.port;
    await gather([one, one, one, one, one]);
    expect(await moveOnAfter(100, () => query(far, (sql) => sql`SELECT pg_sleep(30)`))).toBe(
      undefined,
    );
    await expectWhole(far, observer);
    await far.end();
  });

  test('a statement that leaves a transaction open does not hand it to the next borrower', async () => {
    await query(sql, (sql) => sql`BEGIN`);
    await query(sql, (sql) => sql.unsafe('BEGIN; SELECT 1 / 0')).catch(() => undefined);
    await expectWhole(sql, observer);
  });

  test('sql.end() waits for a query, also for one that is cancelled meanwhile', async () => {
    const ending = sqlOf(server.port);
    const scope = new CancelScope();
    const short = query(ending, (sql) => sql`SELECT pg_sleep(0.2)`);
    const long = scope.run(() => query(ending, (sql) => sql`SELECT pg_sleep(30), 8 AS of_end`));
    await until(async () => (await running(observer, '8 AS of_end')) === 1);
    const ended = ending.end();
    scope.cancel();
    await gather([() => short, () => long, () => ended]);
    await expect(query(ending, (sql) => sql`SELECT 1`)).rejects.toMatchObject({
      code: 'CONNECTION_ENDED',
    });
  });

  test('without the types of the server, and with pools that prepare nothing', async () => {
    const bare = sqlOf(server.port, { fetch_types: false, prepare: false });
    expect((await query(bare, (sql) => sql`SELECT ${1}::int AS one`))[0]).toEqual({ one: 1 });
    expect(await moveOnAfter(50, () => query(bare, (sql) => sql`SELECT pg_sleep(${30})`))).toBe(
      undefined,
    );
    await expectWhole(bare, observer);
    await bare.end();
  });
});

describe('a cancel request that fails', () => {
  test('closes the connection after the grace, is suppressed in the error and published', async () => {
    using failures = published('ambit:pg:error');
    const elsewhere = sqlOf(server.port, { max: 1 });
    const scope = new CancelScope();
    let seen: unknown;
    const ended = scope.run(async () => {
      try {
        await query(elsewhere, (sql) => sql`SELECT pg_sleep(1), 6 AS of_key`, { grace: 200 });
      } catch (error) {
        seen = error;
        throw error;
      }
    });
    await until(async () => (await running(observer, '6 AS of_key')) === 1);
    // Nobody listens there.
    Object.assign(elsewhere.options, { port: [1] });
    scope.cancel();
    // A scope does not swallow what is suppressed in its own cancellation.
    await expect(ended).rejects.toThrow(BrokenResourceError);
    expect(isCancelled(seen)).toBe(true);
    const [failure] = suppressedErrors(seen);
    expect(failure).toMatchObject({ cause: { code: 'ECONNREFUSED' } });
    expect(failures.messages).toEqual([{ operation: 'cancel', error: failure }]);
    Object.assign(elsewhere.options, { port: [server.port] });
    expect((await query(elsewhere, (sql) => sql`SELECT 1 AS one`))[0]).toEqual({ one: 1 });
    await elsewhere.end();
  });
});

describe('random cancellations', () => {
  // The seed is in the name of the test that fails.
  test.each([1, 2, 3, 4])('by seed %d lose no connection', async (seed) => {
    const random = seeded(seed);
    const texts = ['SELECT pg_sleep(0.01)', 'SELECT 1', 'SELECT 1 / 0', 'SELECT pg_sleep(5), 7'];
    const once = async (): Promise<void> => {
      const text = texts[Math.floor(random() * texts.length)]!;
      const ms = random() * 40;
      try {
        await moveOnAfter(ms, async () => {
          if (random() < 0.5) await query(sql, (sql) => sql.unsafe(text));
          else await transaction(sql, (tx) => tx.unsafe(text));
        });
      } catch (error) {
        expect(error).toMatchObject({ code: '22012' });
      }
    };
    await gather(Array.from({ length: 60 }, () => once));
    expect(await running(observer, 'pg_sleep(5), 7')).toBe(0);
    await expectWhole(sql, observer);
  });
});

describe('bad arguments', () => {
  const wrong = (...args: unknown[]): Promise<unknown> =>
    (query as (...args: unknown[]) => Promise<unknown>)(...args);

  test('are refused with their names', async () => {
    const build = (): unknown => sql`SELECT 1`;
    await expect(wrong(undefined, build)).rejects.toThrow(/query: sql is undefined/);
    await expect(wrong(build)).rejects.toThrow(/give first what postgres\(\) has returned/);
    await expect(wrong(sql, 5)).rejects.toThrow(/query: build is 5/);
    await expect(wrong(sql, build, { grace: -1 })).rejects.toThrow(RangeError);
    await expect(wrong(sql, build, { signal: 1 })).rejects.toThrow(TypeError);
  });

  test('what is no query that can be run once is refused', async () => {
    await expect(wrong(sql, () => 5)).rejects.toThrow(/build returned 5/);
    await expect(wrong(sql, () => sql(['a']))).rejects.toThrow(/not awaited/);
    await expect(wrong(sql, async () => sql`SELECT 1`)).rejects.toThrow(/not awaited/);
    await expect(wrong(sql, () => sql`SELECT 1`.cursor())).rejects.toThrow(TypeError);
    await expect(wrong(sql, () => sql.file('x.sql'))).rejects.toThrow(/a file/);
    const sent = sql`SELECT 1`;
    await sent;
    await expect(wrong(sql, () => sent)).rejects.toThrow(/was sent before/);
  });
});

test('the sql of postgres.js fits the type', () => {
  const fits: PostgresJs = sql;
  expect(fits).toBe(sql);
});
