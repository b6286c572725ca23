import type { Pool } from 'pg';
import { CancelScope, gather, InvalidStateError, moveOnAfter, sleep, timeout } from '@ambit/core';
import { TimeoutError } from '@ambit/core';
import { until } from '../../../../test-servers/until.ts';
import { BrokenResourceError } from '../../src/index.ts';
import { transaction } from '../../src/pg.ts';
import type { PgTransaction } from '../../src/pg.ts';
import { running, terminateOthers, usePostgres } from './pg-parts.ts';

let observer: Pool;
let pool: Pool;

// Before the pool is ended, which is done below.
afterEach(() => {
  expect(pool.idleCount).toBe(pool.totalCount);
});

usePostgres((parts) => ({ observer, pool } = parts));

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

const move = async (tx: PgTransaction): Promise<void> => {
  await tx.query('UPDATE accounts SET balance = balance - $1 WHERE id = 1', [10]);
  await tx.query('UPDATE accounts SET balance = balance + $1 WHERE id = 2', [10]);
};

describe('transaction', () => {
  test('commits, and gives the value of the body', async () => {
    const value = await transaction(pool, async (tx) => {
      await move(tx);
      return 'done';
    });
    expect(value).toBe('done');
    expect(await balances()).toEqual([90, 10]);
  });

  test('rolls back when the body fails, with the error of the body itself', async () => {
    const error = new Error('no');
    const work = transaction(pool, async (tx) => {
      await move(tx);
      throw error;
    });
    await expect(work).rejects.toBe(error);
    expect(await balances()).toEqual([100, 0]);
    expect(pool.totalCount).toBe(1);
  });

  test('a deadline cancels its statement on the server and rolls back first', async () => {
    const work = timeout(80, () =>
      transaction(pool, async (tx) => {
        await move(tx);
        await tx.query('SELECT pg_sleep(30), 1 AS in_transaction');
      }),
    );
    await expect(work).rejects.toThrow(TimeoutError);
    expect(await running(observer, '1 AS in_transaction')).toBe(0);
    expect(await balances()).toEqual([100, 0]);
    // Nobody holds a lock any more.
    await observer.query('UPDATE accounts SET balance = 1 WHERE id = 1');
  });

  test('a cancelled caller commits nothing, also if its body returns', async () => {
    const scope = new CancelScope();
    await scope.run(() =>
      transaction(pool, async (tx) => {
        await move(tx);
        scope.cancel();
        return 'a value';
      }),
    );
    expect(await balances()).toEqual([100, 0]);
  });

  test('a COMMIT that has been sent stands, and its value comes out', async () => {
    // Waits while it commits.
    await observer.query(`CREATE OR REPLACE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN PERFORM pg_sleep(0.2); RETURN NULL; END $$`);
    await observer.query(`CREATE CONSTRAINT TRIGGER slow AFTER UPDATE ON accounts
      DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slow()`);
    const scope = new CancelScope();
    let value: unknown;
    const work = scope.run(async () => {
      value = await transaction(pool, async (tx) => {
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
    await observer.query(`CREATE OR REPLACE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN PERFORM pg_sleep(30); RETURN NULL; END $$`);
    await observer.query(`CREATE CONSTRAINT TRIGGER slow AFTER UPDATE ON accounts
      DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slow()`);
    const scope = new CancelScope();
    const work = scope.run(() => transaction(pool, move, { grace: 1000 }));
    await until(async () => (await running(observer, 'COMMIT')) === 1);
    scope.cancel();
    expect(await work).toBeUndefined();
    expect(await balances()).toEqual([100, 0]);
  });

  test('a body that swallows the failure of a statement is told that nothing was committed', async () => {
    const work = transaction(pool, async (tx) => {
      await move(tx);
      await tx.query('SELECT 1 / 0').catch(() => undefined);
    });
    await expect(work).rejects.toThrow(InvalidStateError);
    await expect(work).rejects.toMatchObject({ cause: { code: '22012' } });
    expect(await balances()).toEqual([100, 0]);
  });

  test('statements at the same time run one after the other', async () => {
    const rows = await transaction(pool, (tx) =>
      gather(
        Array.from({ length: 10 }, (_, at) => async () => {
          const result = await tx.query<{ at: number }>('SELECT $1::int AS at', [at]);
          return result.rows[0]!.at;
        }),
      ),
    );
    expect(rows).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test('a statement that is cancelled in the line cancels no other', async () => {
    const slow = await transaction(pool, (tx) =>
      gather([
        () => tx.query('SELECT pg_sleep(0.2), 5 AS slow'),
        () => moveOnAfter(50, () => tx.query('SELECT 1')),
      ]),
    );
    expect(slow[0].rows).toHaveLength(1);
    expect(slow[1]).toBeUndefined();
  });

  test('a statement that the body did not wait for is part of it; a later one is refused', async () => {
    let late: PgTransaction | undefined;
    await transaction(pool, (tx) => {
      late = tx;
      void tx.query('UPDATE accounts SET balance = 7 WHERE id = 2');
    });
    expect(await balances()).toEqual([100, 7]);
    await expect(late!.query('SELECT 1')).rejects.toThrow(InvalidStateError);
  });

  test('a failing body cancels what it did not wait for, and lets those in line fail', async () => {
    const outcomes: unknown[] = [];
    const error = new Error('no');
    const work = transaction(pool, async (tx) => {
      for (let at = 0; at < 3; at += 1) {
        tx.query('SELECT pg_sleep(30), 2 AS left_behind').catch((failure: unknown) => {
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

  test('the isolation is what was asked for', async () => {
    const { rows } = await transaction(pool, (tx) => tx.query('SHOW transaction_isolation'), {
      isolation: 'repeatable read',
    });
    expect(rows).toEqual([{ transaction_isolation: 'repeatable read' }]);
  });
});

describe('retry', () => {
  const addOne = async (tx: PgTransaction): Promise<void> => {
    const { rows } = await tx.query<{ balance: number }>(
      'SELECT balance FROM accounts WHERE id = 1',
    );
    await sleep(5);
    await tx.query('UPDATE accounts SET balance = $1 WHERE id = 1', [rows[0]!.balance + 1]);
  };

  test('runs a transaction again after a serialization failure', async () => {
    const retries: unknown[] = [];
    const policy = {
      attempts: 50,
      delay: 1,
      maxDelay: 20,
      onRetry: (error: unknown) => void retries.push(error),
    };
    const one = (): Promise<void> =>
      transaction(pool, addOne, { isolation: 'serializable', retry: policy });
    await gather(Array.from({ length: 8 }, () => one));
    expect((await balances())[0]).toBe(108);
    expect(retries.length).toBeGreaterThan(0);
    expect(retries[0]).toMatchObject({ code: '40001' });
  });

  test('runs a transaction again after a deadlock, also if the body throws an error of its own', async () => {
    let attempts = 0;
    let holding = 0;
    const lockBoth = (first: number, second: number) => () =>
      transaction(
        pool,
        async (tx) => {
          attempts += 1;
          const lock = 'UPDATE accounts SET balance = balance + 1 WHERE id = $1';
          await tx.query(lock, [first]);
          // Each holds its first row before either asks for the second.
          holding += 1;
          await until(() => holding >= 2);
          try {
            await tx.query(lock, [second]);
          } catch (cause) {
            throw new Error('of the body', { cause });
          }
        },
        { retry: true },
      );
    await observer.query("ALTER DATABASE postgres SET deadlock_timeout = '100ms'");
    await gather([lockBoth(1, 2), lockBoth(2, 1)]);
    expect(attempts).toBeGreaterThan(2);
    expect(await balances()).toEqual([102, 2]);
  });

  test('without it, and after other errors, there is one attempt', async () => {
    let attempts = 0;
    const fail = async (tx: PgTransaction): Promise<void> => {
      attempts += 1;
      await tx.query('SELECT 1 / 0');
    };
    await expect(transaction(pool, fail, { retry: true })).rejects.toMatchObject({ code: '22012' });
    expect(attempts).toBe(1);
  });

  test('a cancellation ends it', async () => {
    const scope = new CancelScope();
    let attempts = 0;
    await scope.run(() =>
      transaction(
        pool,
        async () => {
          attempts += 1;
          scope.cancel();
          throw new Error('no');
        },
        { retry: { attempts: 5, when: () => true } },
      ).catch(() => undefined),
    );
    expect(attempts).toBe(1);
  });
});

describe('a connection that is lost', () => {
  test('during COMMIT: the error says that nobody knows', async () => {
    await observer.query(`CREATE OR REPLACE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN PERFORM pg_sleep(30); RETURN NULL; END $$`);
    await observer.query(`CREATE CONSTRAINT TRIGGER slow AFTER UPDATE ON accounts
      DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slow()`);
    const failure = transaction(pool, move, { retry: true }).catch((error: unknown) => error);
    await until(async () => (await running(observer, 'COMMIT')) === 1);
    await terminateOthers(observer);
    const error = await failure;
    expect(error).toBeInstanceOf(BrokenResourceError);
    expect(error).toMatchObject({
      message: expect.stringContaining('COMMIT') as string,
      code: '57P01',
    });
    expect(pool.totalCount).toBe(0);
  });

  test('before: the error of the connection, nothing suppressed, nothing committed', async () => {
    const failure = transaction(pool, async (tx) => {
      await move(tx);
      await terminateOthers(observer);
      await sleep(50);
    }).catch((error: unknown) => error);
    expect(await failure).toBeInstanceOf(Error);
    expect(await balances()).toEqual([100, 0]);
  });
});

test('bad arguments are refused with their names', async () => {
  const wrong = (...args: unknown[]): Promise<unknown> =>
    (transaction as (...args: unknown[]) => Promise<unknown>)(...args);
  const body = (): number => 1;
  await expect(wrong(undefined, body)).rejects.toThrow(/transaction: pool is undefined/);
  await expect(wrong(pool, 'x')).rejects.toThrow(/transaction: body is "x"/);
  await expect(wrong(pool, body, { isolation: 'none' })).rejects.toThrow(/isolation is "none"/);
  await expect(wrong(pool, body, { retry: 3 })).rejects.toThrow(/retry is 3/);
  await expect(wrong(pool, body, { grace: 'x' })).rejects.toThrow(TypeError);
  await expect(transaction(pool, (tx) => tx.query(1 as never))).rejects.toThrow(
    /tx.query: text is 1/,
  );
});
