import type { Pool } from 'pg';
import type { Sql } from 'postgres';
import { CancelScope, gather, InvalidStateError, moveOnAfter, sleep, timeout } from '@ambit/core';
import { TimeoutError } from '@ambit/core';
import { until } from '../../../../test-servers/until.ts';
import { BrokenResourceError } from '../../src/index.ts';
import { transaction } from '../../src/postgres-js.ts';
import type { PostgresJsTransaction } from '../../src/postgres-js.ts';
import { expectWhole, usePostgresJs } from './js-parts.ts';
import { running, terminateOthers } from './pg-parts.ts';

type Tx = PostgresJsTransaction<Sql>;

let observer: Pool;
let sql: Sql;

usePostgresJs((parts) => ({ observer, sql } = parts));

beforeEach(async () => {
  await observer.query('DROP TABLE IF EXISTS accounts');
  await observer.query('CREATE TABLE accounts (id int PRIMARY KEY, balance int)');
  await observer.query('INSERT INTO accounts VALUES (1, 100), (2, 0)');
});

async function balances(): Promise<number[]> {
  const { rows } = await observer.query<{ balance: number }>(
    'SELECT balance FROM accounts ORDER BY id',
  );
  return rows.map(({ balance }) => balance);
}

const move = async (tx: Tx): Promise<void> => {
  await tx`UPDATE accounts SET balance = balance - ${10} WHERE id = 1`;
  await tx`UPDATE accounts SET balance = balance + ${10} WHERE id = 2`;
};

/** Makes each COMMIT of a change take this number of seconds. */
async function slowDownCommits(seconds: number): Promise<void> {
  await observer.query(`CREATE OR REPLACE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_sleep(${seconds}); RETURN NULL; END $$`);
  await observer.query(`CREATE CONSTRAINT TRIGGER slow AFTER UPDATE ON accounts
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slow()`);
}

describe('transaction', () => {
  test('commits, and gives the value of the body', async () => {
    const value = await transaction(sql, async (tx) => {
      await move(tx);
      return 'done';
    });
    expect(value).toBe('done');
    expect(await balances()).toEqual([90, 10]);
    await expectWhole(sql, observer);
  });

  test('its sql makes all that the sql of postgres.js makes', async () => {
    await transaction(sql, async (tx) => {
      const rich = tx`balance > ${50}`;
      const [one] = await tx<{ id: number }[]>`SELECT id FROM accounts WHERE ${rich}`;
      expect(one).toEqual({ id: 1 });
      await tx`INSERT INTO accounts ${tx([{ id: 3, balance: 7 }])}`;
      const rows = await tx`SELECT count(*)::int FROM accounts WHERE id IN ${tx([1, 3])}`
        .values()
        .execute();
      expect([...rows]).toEqual([[2]]);
      expect([...(await tx.unsafe('SELECT $1 AS a', ['x']))]).toEqual([{ a: 'x' }]);
      expect((await tx`SELECT ${tx.json({ a: 1 })} AS json`)[0]).toEqual({ json: { a: 1 } });
      const seen: unknown[] = [];
      await tx`SELECT id FROM accounts ORDER BY id`.forEach(({ id }) => seen.push(id));
      expect(seen).toEqual([1, 2, 3]);
      const [asked] = await tx.query((sql) => sql`SELECT ${5}::int AS five`);
      expect(asked).toEqual({ five: 5 });
      await tx.notify('channel', 'payload');
    });
    expect(await balances()).toEqual([100, 0, 7]);
  });

  test('rolls back when the body fails, with the error of the body itself', async () => {
    const error = new Error('no');
    const work = transaction(sql, async (tx) => {
      await move(tx);
      throw error;
    });
    await expect(work).rejects.toBe(error);
    expect(await balances()).toEqual([100, 0]);
    await expectWhole(sql, observer);
  });

  test('a deadline cancels its query on the server and rolls back first', async () => {
    const work = timeout(80, () =>
      transaction(sql, async (tx) => {
        await move(tx);
        await tx`SELECT pg_sleep(30), 1 AS in_transaction`;
      }),
    );
    await expect(work).rejects.toThrow(TimeoutError);
    expect(await running(observer, '1 AS in_transaction')).toBe(0);
    expect(await balances()).toEqual([100, 0]);
    // Nobody holds a lock any more.
    await observer.query('UPDATE accounts SET balance = 1 WHERE id = 1');
    await expectWhole(sql, observer);
  });

  test('the scope in which a query is awaited cancels it, and so does a signal', async () => {
    const work = transaction(sql, async (tx) => {
      const late = tx`SELECT pg_sleep(30), 3 AS awaited`;
      await moveOnAfter(50, () => late);
      return 'never';
    });
    await expect(work).rejects.toThrow(InvalidStateError);
    const reason = new Error('by signal');
    const signal = AbortSignal.abort(reason);
    const other = transaction(sql, (tx) => tx.query((sql) => sql`SELECT 1`, { signal }));
    await expect(other).rejects.toBe(reason);
    await expectWhole(sql, observer);
  });

  test('a cancelled caller commits nothing, also if its body returns', async () => {
    const scope = new CancelScope();
    await scope.run(() =>
      transaction(sql, async (tx) => {
        await move(tx);
        scope.cancel();
        return 'a value';
      }),
    );
    expect(await balances()).toEqual([100, 0]);
  });

  test('a COMMIT that has been sent stands, and its value comes out', async () => {
    await slowDownCommits(0.2);
    const scope = new CancelScope();
    let value: unknown;
    const work = scope.run(async () => {
      value = await transaction(sql, async (tx) => {
        await move(tx);
        return 'committed';
      });
    });
    await until(async () => (await running(observer, 'COMMIT')) === 1);
    scope.cancel();
    await work;
    expect(value).toBe('committed');
    expect(await balances()).toEqual([90, 10]);
  });

  test('a COMMIT that takes longer than the grace is cancelled', async () => {
    await slowDownCommits(30);
    const scope = new CancelScope();
    const work = scope.run(() => transaction(sql, move, { grace: 1000 }));
    await until(async () => (await running(observer, 'COMMIT')) === 1);
    scope.cancel();
    expect(await work).toBeUndefined();
    expect(await balances()).toEqual([100, 0]);
    await expectWhole(sql, observer);
  });

  test('a body that swallows the failure of a query is told that nothing was committed', async () => {
    const work = transaction(sql, async (tx) => {
      await move(tx);
      await tx`SELECT 1 / 0`.catch(() => undefined);
    });
    await expect(work).rejects.toThrow(InvalidStateError);
    await expect(work).rejects.toMatchObject({ cause: { code: '22012' } });
    expect(await balances()).toEqual([100, 0]);
  });

  test('queries at the same time run one after the other', async () => {
    const rows = await transaction(sql, (tx) =>
      gather(
        Array.from({ length: 10 }, (_, at) => async () => {
          const [row] = await tx<{ at: number }[]>`SELECT ${at}::int AS at`;
          return row!.at;
        }),
      ),
    );
    expect(rows).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test('a failing body cancels what it did not wait for, and lets those in line fail', async () => {
    const outcomes: unknown[] = [];
    const error = new Error('no');
    const work = transaction(sql, async (tx) => {
      for (let at = 0; at < 3; at += 1) {
        tx`SELECT pg_sleep(30), 2 AS left_behind`.catch((failure: unknown) => {
          outcomes.push(failure);
        });
      }
      await sleep(30);
      throw error;
    });
    await expect(work).rejects.toBe(error);
    expect(await running(observer, '2 AS left_behind')).toBe(0);
    expect(outcomes).toEqual([
      expect.any(InvalidStateError),
      expect.any(InvalidStateError),
      expect.objectContaining({ code: '57014' }),
    ]);
  });

  test('a query that is awaited after the end is refused', async () => {
    let late: Tx | undefined;
    await transaction(sql, (tx) => {
      late = tx;
    });
    await expect(async () => late!`SELECT 1`).rejects.toThrow(InvalidStateError);
  });

  test('the isolation is what was asked for', async () => {
    const work = transaction(sql, (tx) => tx`SHOW transaction_isolation`, {
      isolation: 'repeatable read',
    });
    expect((await work)[0]).toEqual({ transaction_isolation: 'repeatable read' });
  });
});

test('retry runs a transaction again after a serialization failure', async () => {
  const retries: unknown[] = [];
  const addOne = async (tx: Tx): Promise<void> => {
    const [row] = await tx<{ balance: number }[]>`SELECT balance FROM accounts WHERE id = 1`;
    await sleep(5);
    await tx`UPDATE accounts SET balance = ${row!.balance + 1} WHERE id = 1`;
  };
  const retry = {
    attempts: 50,
    delay: 1,
    maxDelay: 20,
    onRetry: (error: unknown) => void retries.push(error),
  };
  const one = (): Promise<void> => transaction(sql, addOne, { isolation: 'serializable', retry });
  await gather(Array.from({ length: 8 }, () => one));
  expect((await balances())[0]).toBe(108);
  expect(retries.length).toBeGreaterThan(0);
  expect(retries[0]).toMatchObject({ code: '40001' });
});

describe('a connection that is lost', () => {
  test('during COMMIT: the error says that nobody knows', async () => {
    await slowDownCommits(30);
    const failure = transaction(sql, move, { retry: true }).catch((error: unknown) => error);
    await until(async () => (await running(observer, 'COMMIT')) === 1);
    await terminateOthers(observer);
    const error = await failure;
    expect(error).toBeInstanceOf(BrokenResourceError);
    expect(error).toMatchObject({ message: expect.stringContaining('COMMIT') as string });
    await expectWhole(sql, observer);
  });

  test('between two queries: an error of the next one, and the process goes on', async () => {
    const failure = transaction(sql, async (tx) => {
      await move(tx);
      await terminateOthers(observer);
      await sleep(100);
      await tx`SELECT 1`;
    }).catch((error: unknown) => error);
    expect(await failure).toMatchObject({ code: 'CONNECTION_CLOSED' });
    expect(await balances()).toEqual([100, 0]);
    await expectWhole(sql, observer);
  });
});

test('bad arguments are refused with their names', async () => {
  const wrong = (...args: unknown[]): Promise<unknown> =>
    (transaction as (...args: unknown[]) => Promise<unknown>)(...args);
  const body = (): number => 1;
  await expect(wrong(undefined, body)).rejects.toThrow(/transaction: sql is undefined/);
  await expect(wrong(sql, 'x')).rejects.toThrow(/transaction: body is "x"/);
  await expect(wrong(sql, body, { isolation: 'none' })).rejects.toThrow(/isolation is "none"/);
  await expect(wrong(sql, body, { retry: 3 })).rejects.toThrow(/retry is 3/);
  await expect(wrong(sql, body, { grace: 'x' })).rejects.toThrow(TypeError);
  const nested = transaction(sql, (tx) => wrong(tx, body));
  await expect(nested).rejects.toThrow(/not the sql of a transaction/);
  const built = transaction(sql, (tx) => tx.query(5 as never));
  await expect(built).rejects.toThrow(/tx.query: build is 5/);
  const cursor = transaction(sql, (tx) => tx`SELECT 1`.cursor(() => undefined));
  await expect(cursor).rejects.toThrow(/cursor: a query of transaction\(\) cannot do this/);
});
