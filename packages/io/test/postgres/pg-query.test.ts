import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import http from 'node:http';
import type { Pool } from 'pg';
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
import { query, transaction } from '../../src/pg.ts';
import type { PgPool } from '../../src/pg.ts';
import { serving } from '../support/http-parts.ts';
import { poolOf, published, running, terminateOthers, usePostgres } from './pg-parts.ts';
import { seeded } from '../support/seeded.ts';

let server: TestServer;
let observer: Pool;
let pool: Pool;

usePostgres((parts) => ({ server, observer, pool } = parts));

/** Each connection is idle, and none was lost to the pool. */
function expectWhole(): void {
  expect(pool.idleCount).toBe(pool.totalCount);
  expect(pool.waitingCount).toBe(0);
}

describe('query', () => {
  test('gives the result of pg', async () => {
    const { rows, rowCount, command } = await query<{ sum: number }>(
      pool,
      'SELECT $1::int + 1 AS sum',
      [41],
    );
    expect({ rows, rowCount, command }).toEqual({
      rows: [{ sum: 42 }],
      rowCount: 1,
      command: 'SELECT',
    });
    expectWhole();
  });

  test('throws the error of the server, and the connection goes back', async () => {
    await expect(query(pool, 'SELECT 1 / 0')).rejects.toMatchObject({ code: '22012' });
    expectWhole();
    expect(pool.totalCount).toBe(1);
  });

  test('cancelled, it ends on the server first, and the connection goes back whole', async () => {
    const scope = new CancelScope();
    const ending = scope.run(() => query(pool, 'SELECT pg_sleep(30), 1 AS cancelled'));
    await until(async () => (await running(observer, '1 AS cancelled')) === 1);
    scope.cancel();
    expect(await ending).toBeUndefined();
    // No wait: it has ended there before the call has ended here.
    expect(await running(observer, '1 AS cancelled')).toBe(0);
    expectWhole();
    expect(pool.totalCount).toBe(1);
    expect((await query(pool, 'SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  });

  test('cancelled in the tick in which it is sent, it does not run on either', async () => {
    for (let round = 0; round < 20; round += 1) {
      await moveOnAfter(round % 4, () => query(pool, 'SELECT pg_sleep(30), 2 AS at_once'));
      expect(await running(observer, '2 AS at_once')).toBe(0);
    }
    expectWhole();
  });

  test('a deadline and a signal cancel it', async () => {
    await expect(timeout(50, () => query(pool, 'SELECT pg_sleep(30)'))).rejects.toThrow(
      TimeoutError,
    );
    const controller = new AbortController();
    const reason = new Error('the user left');
    const asked = query(pool, 'SELECT pg_sleep(30)', [], { signal: controller.signal });
    setTimeout(() => controller.abort(reason), 30);
    await expect(asked).rejects.toBe(reason);
    // The first one may have been connecting until now.
    await until(() => pool.idleCount === pool.totalCount);
    expectWhole();
  });

  test('in a cancelled scope nothing is borrowed or sent', async () => {
    const scope = new CancelScope();
    await scope.run(() => {
      scope.cancel();
      return query(pool, 'SELECT 1');
    });
    expect(pool.totalCount).toBe(0);
  });

  test('a caller that is cancelled in the line for a connection takes none', async () => {
    const single = poolOf(server.port, { max: 1 });
    const holder = await single.connect();
    expect(await moveOnAfter(30, () => query(single, 'SELECT 1'))).toBeUndefined();
    holder.release();
    expect((await query(single, 'SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    await until(() => single.idleCount === 1);
    await single.end();
  });

  test('a result that was faster than the cancellation is not lost', async () => {
    await pool.query('CREATE TABLE taken (id int)');
    await pool.query('INSERT INTO taken SELECT generate_series(1, 200)');
    let taken = 0;
    for (let round = 0; round < 40; round += 1) {
      const rows = await moveOnAfter(round % 5, async () => {
        const result = await query(
          pool,
          'DELETE FROM taken WHERE id = (SELECT min(id) FROM taken) RETURNING id',
        );
        taken += result.rows.length;
      });
      expect(rows).toBeUndefined();
    }
    const { rows } = await pool.query<{ count: number }>('SELECT count(*)::int FROM taken');
    expect(rows[0]!.count + taken).toBe(200);
    await pool.query('DROP TABLE taken');
  });

  test('25 clients that leave: 25 queries are cancelled on the server', async () => {
    const wide = poolOf(server.port, { max: 25 });
    const handler = async (): Promise<void> => {
      await query(wide, 'SELECT pg_sleep(30), 3 AS of_clients');
    };
    await serving(handler, async ({ port }) => {
      const clients = Array.from({ length: 25 }, () =>
        http.get({ port, host: '127.0.0.1' }).on('error', () => undefined),
      );
      await until(async () => (await running(observer, '3 AS of_clients')) === 25);
      for (const client of clients) client.destroy();
      await until(async () => (await running(observer, '3 AS of_clients')) === 0);
      await until(() => wide.idleCount === 25);
      expect(wide.totalCount).toBe(25);
    });
    await wide.end();
  });

  test('a shutdown under load leaves no query, and no connection is lost to the pool', async () => {
    const scope = new CancelScope();
    const work = scope.run(() =>
      taskGroup(async (group) => {
        for (let worker = 0; worker < 12; worker += 1) {
          void group.spawn(async () => {
            for (;;) await query(pool, 'SELECT pg_sleep(0.02), 4 AS of_load');
          });
        }
        await sleep(10_000);
      }),
    );
    await sleep(150);
    scope.cancel();
    await work;
    expect(await running(observer, '4 AS of_load')).toBe(0);
    await until(() => pool.idleCount === pool.totalCount);
    expectWhole();
  });

  test('a lost connection is an error of the caller alone, and is closed', async () => {
    const asked = query(pool, 'SELECT pg_sleep(30), 5 AS of_lost');
    const seen = asked.catch((error: unknown) => error);
    await until(async () => (await running(observer, '5 AS of_lost')) === 1);
    await terminateOthers(observer);
    expect(await seen).toMatchObject({ code: '57P01' });
    expect(pool.totalCount).toBe(0);
    expect((await query(pool, 'SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  });

  test('a connection that breaks between two statements does not end the process', async () => {
    const failure = transaction(pool, async (tx) => {
      await tx.query('SELECT 1');
      await terminateOthers(observer);
      await sleep(100);
      return tx.query('SELECT 1');
    }).catch((error: unknown) => error);
    expect(await failure).toBeInstanceOf(Error);
    expect(pool.totalCount).toBe(0);
  });

  test('failover under load: each error comes to its caller, and the pool recovers', async () => {
    const errors: unknown[] = [];
    let answered = 0;
    let isOver = false;
    const worker = async (): Promise<void> => {
      while (!isOver) {
        try {
          await query(pool, 'SELECT pg_sleep(0.005)');
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
    expectWhole();
  });

  test('a session that the server ends right behind its greeting is an error of its caller', async () => {
    const message = (type: string, body: string): Buffer => {
      const head = Buffer.from(`${type}    `);
      head.writeInt32BE(4 + body.length, 1);
      return Buffer.concat([head, Buffer.from(body)]);
    };
    const greeting = [message('R', '\0\0\0\0'), message('Z', 'I')];
    const end = message('E', 'SFATAL\0C57P01\0Mterminated\0\0');
    const brief = createServer((socket) => {
      socket.once('data', () => socket.end(Buffer.concat([...greeting, end])));
    });
    brief.listen(0, '127.0.0.1');
    await once(brief, 'listening');
    const own = poolOf((brief.address() as AddressInfo).port);
    await expect(query(own, 'SELECT 1')).rejects.toMatchObject({ code: '57P01' });
    expect(own.totalCount).toBe(0);
    await own.end();
    brief.close();
  });

  test('a wrapper of a pool that has promises only lends its clients, too', async () => {
    const wrapper = { connect: () => pool.connect() };
    expect((await query(wrapper, 'SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    const refusing = { connect: () => Promise.reject(new Error('no client')) };
    await expect(query(refusing, 'SELECT 1')).rejects.toThrow('no client');
  });

  test('a statement that leaves a transaction open does not hand it to the next borrower', async () => {
    await query(pool, 'BEGIN');
    expect(pool.totalCount).toBe(0);
    expect((await query(pool, 'SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  });
});

describe('a cancel request that fails', () => {
  test('closes the connection after the grace, is suppressed in the error and published', async () => {
    using failures = published('ambit:pg:error');
    const client = await pool.connect();
    // The key of another session: the server cancels nothing.
    (client as unknown as { secretKey: number }).secretKey ^= 1;
    client.release();
    const scope = new CancelScope();
    let seen: unknown;
    const ended = scope.run(async () => {
      try {
        await query(pool, 'SELECT pg_sleep(1), 6 AS of_key', [], { grace: 200 });
      } catch (error) {
        seen = error;
        throw error;
      }
    });
    await until(async () => (await running(observer, '6 AS of_key')) === 1);
    scope.cancel();
    // A scope does not swallow what is suppressed in its own cancellation.
    await expect(ended).rejects.toThrow(BrokenResourceError);
    expect(isCancelled(seen)).toBe(true);
    expect(suppressedErrors(seen)).toEqual([expect.any(BrokenResourceError)]);
    expect(failures.messages).toEqual([{ operation: 'cancel', error: suppressedErrors(seen)[0] }]);
    expect(pool.totalCount).toBe(0);
  });
});

describe('random cancellations', () => {
  // The seed is in the name of the test that fails.
  test.each([1, 2, 3, 4])('by seed %d lose no connection', async (seed) => {
    const random = seeded(seed);
    const statements = [
      'SELECT pg_sleep(0.01)',
      'SELECT 1',
      'SELECT 1 / 0',
      'SELECT pg_sleep(5), 7',
    ];
    const once = async (): Promise<void> => {
      const text = statements[Math.floor(random() * statements.length)]!;
      const ms = random() * 40;
      try {
        await moveOnAfter(ms, async () => {
          if (random() < 0.5) await query(pool, text);
          else await transaction(pool, (tx) => tx.query(text));
        });
      } catch (error) {
        expect(error).toMatchObject({ code: '22012' });
      }
    };
    await gather(Array.from({ length: 60 }, () => once));
    await until(() => pool.idleCount === pool.totalCount);
    expectWhole();
    expect(await running(observer, 'pg_sleep(5), 7')).toBe(0);
    const one = (): Promise<unknown> => query(pool, 'SELECT 1');
    await gather([one, one, one, one]);
  });
});

describe('bad arguments', () => {
  const wrong = (...args: unknown[]): Promise<unknown> =>
    (query as (...args: unknown[]) => Promise<unknown>)(...args);

  test('are refused with their names', async () => {
    await expect(wrong(undefined, 'SELECT 1')).rejects.toThrow(/query: pool is undefined/);
    await expect(wrong({}, 'SELECT 1')).rejects.toThrow(TypeError);
    await expect(wrong(pool, 5)).rejects.toThrow(/query: text is 5/);
    await expect(wrong(pool, 'SELECT 1', 'x')).rejects.toThrow(/query: values is "x"/);
    await expect(wrong(pool, 'SELECT 1', [], { grace: -1 })).rejects.toThrow(RangeError);
    await expect(wrong(pool, 'SELECT 1', [], { signal: 1 })).rejects.toThrow(TypeError);
    expect(pool.totalCount).toBe(0);
  });

  test('a client in the place of a pool is refused', async () => {
    const client = await pool.connect();
    await expect(wrong(client, 'SELECT 1')).rejects.toThrow(/single client/);
    client.release();
  });
});

test('a Pool of pg fits the type', () => {
  const fits: PgPool = pool;
  expect(fits).toBe(pool);
});
