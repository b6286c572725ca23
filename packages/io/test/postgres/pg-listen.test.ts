import type { Pool } from 'pg';
import { CancelScope, isCancelled, sleep, taskGroup } from '@ambit/core';
import type { TestServer } from '../../../../test-servers/servers.ts';
import { until } from '../../../../test-servers/until.ts';
import { listen } from '../../src/pg.ts';
import { poolOf, published, terminateOthers, usePostgres } from './pg-parts.ts';

let server: TestServer;
let observer: Pool;
let pool: Pool;

usePostgres((parts) => ({ server, observer, pool } = parts));

const notify = async (channel: string, payload: string): Promise<void> => {
  await observer.query('SELECT pg_notify($1, $2)', [channel, payload]);
};

/** Until the server has taken a LISTEN of that channel. */
async function listening(): Promise<void> {
  await until(async () => {
    const { rows } = await observer.query(
      `SELECT 1 FROM pg_stat_activity WHERE query LIKE 'LISTEN %' AND state = 'idle'`,
    );
    return rows.length > 0;
  });
}

describe('listen', () => {
  test('gives what comes from the call on, in order, and gives the connection back', async () => {
    const heard: string[] = [];
    const payloads = listen(pool, 'Some "channel"');
    await listening();
    for (const each of ['one', 'two', '', 'three']) await notify('Some "channel"', each);
    await notify('another', 'no');
    for await (const payload of payloads) {
      heard.push(payload);
      if (payload === 'three') break;
    }
    expect(heard).toEqual(['one', 'two', '', 'three']);
    expect([pool.totalCount, pool.idleCount]).toEqual([1, 1]);
    const { rows } = await pool.query('SELECT pg_listening_channels()');
    expect(rows).toEqual([]);
  });

  test('a cancelled loop ends when the connection is back', async () => {
    const scope = new CancelScope();
    let seen: unknown;
    const loop = scope.run(async () => {
      try {
        for await (const payload of listen(pool, 'jobs')) expect(payload).toBe('never');
      } catch (error) {
        seen = error;
        expect(pool.idleCount).toBe(1);
        throw error;
      }
    });
    await listening();
    scope.cancel();
    await loop;
    expect(isCancelled(seen)).toBe(true);
  });

  test('the end of the group closes it', async () => {
    let payloads: AsyncIterableIterator<string> | undefined;
    await taskGroup(async () => {
      payloads = listen(pool, 'jobs');
      await listening();
    });
    expect(pool.idleCount).toBe(1);
    expect(await payloads!.next()).toEqual({ done: true, value: undefined });
  });

  test('return() ends a next() that waits', async () => {
    const payloads = listen(pool, 'jobs');
    const next = payloads.next();
    await listening();
    await payloads.return();
    expect(await next).toEqual({ done: true, value: undefined });
    expect(pool.idleCount).toBe(1);
  });

  test('a signal ends it with its reason', async () => {
    const controller = new AbortController();
    const payloads = listen(pool, 'jobs', { signal: controller.signal });
    const next = payloads.next();
    await listening();
    const reason = new Error('enough');
    controller.abort(reason);
    await expect(next).rejects.toBe(reason);
    await payloads.close();
    expect(pool.idleCount).toBe(1);
  });

  test('a lost connection is replaced, and the gap is told', async () => {
    using failures = published('ambit:pg:error');
    const gaps: unknown[] = [];
    const payloads = listen(pool, 'jobs', { onReconnect: (error) => void gaps.push(error) });
    await listening();
    for (let round = 1; round <= 3; round += 1) {
      await terminateOthers(observer);
      await until(() => gaps.length === round);
      await notify('jobs', `after ${round}`);
      expect(await payloads.next()).toEqual({ done: false, value: `after ${round}` });
    }
    expect(gaps[0]).toBeInstanceOf(Error);
    expect(failures.messages.every(({ operation }) => operation === 'listen')).toBe(true);
    expect(failures.messages).toHaveLength(3);
    await payloads.close();
  });

  test('a server that is not there yet is waited for, without a gap', async () => {
    const later = poolOf(1);
    const gaps: unknown[] = [];
    using failures = published('ambit:pg:error');
    const payloads = listen(later, 'jobs', { onReconnect: (error) => void gaps.push(error) });
    await until(() => failures.messages.length >= 2);
    (later as unknown as { options: { port: number } }).options.port = server.port;
    await listening();
    await notify('jobs', 'first');
    expect((await payloads.next()).value).toBe('first');
    expect(gaps).toEqual([]);
    await payloads.close();
    await later.end();
  });

  test('a database that refuses for good ends it with its error', async () => {
    const wrong = poolOf(server.port, { database: 'nowhere' });
    await expect(listen(wrong, 'jobs').next()).rejects.toMatchObject({ code: '3D000' });
    await wrong.end();
    const over = poolOf(server.port);
    await over.end();
    await expect(listen(over, 'jobs').next()).rejects.toThrow(/after calling end/);
  });

  test('onListening is called once, and what is sent after that comes', async () => {
    let begun = 0;
    const payloads = listen(pool, 'jobs', {
      onListening: () => {
        begun += 1;
        void notify('jobs', 'first');
      },
    });
    expect((await payloads.next()).value).toBe('first');
    await terminateOthers(observer);
    await listening();
    expect(begun).toBe(1);
    await payloads.close();
  });

  test.each(['at once', 'later'])('what onReconnect throws %s ends it', async (when) => {
    const error = new Error('cannot read the table');
    const payloads = listen(pool, 'jobs', {
      onReconnect: () => {
        if (when === 'later') return Promise.reject(error);
        throw error;
      },
    });
    await listening();
    await terminateOthers(observer);
    await expect(payloads.next()).rejects.toBe(error);
    await payloads.close();
  });

  test('nothing is lost between two calls of next() while it comes', async () => {
    const payloads = listen(pool, 'jobs');
    await listening();
    const all = observer.query(`SELECT pg_notify('jobs', i::text) FROM generate_series(1, 500) i`);
    const heard: number[] = [];
    for await (const payload of payloads) {
      heard.push(Number(payload));
      if (heard.length === 500) break;
      if (heard.length % 50 === 0) await sleep(2);
    }
    await all;
    expect(heard).toEqual(Array.from({ length: 500 }, (_, at) => at + 1));
  });

  test('bad arguments are refused at once', () => {
    const wrong = listen as (...args: unknown[]) => unknown;
    expect(() => wrong(undefined, 'jobs')).toThrow(/listen: pool is undefined/);
    expect(() => wrong(pool, '')).toThrow(/listen: channel is ""/);
    expect(() => wrong(pool, 'x'.repeat(64))).toThrow(RangeError);
    expect(() => wrong(pool, 'jobs', { onReconnect: 1 })).toThrow(/onReconnect is 1/);
    expect(() => wrong(pool, 'jobs', { signal: 1 })).toThrow(TypeError);
    expect(pool.totalCount).toBe(0);
  });
});
