import { fileURLToPath } from 'node:url';
import { Future, sleep, taskGroup, timeout } from '@ambit/core';
import { bufferedReader, fetch, openProcess, runProcess } from '@ambit/io';
import { Pool } from 'pg';
import { servePrices } from '../order-service/price-list.ts';
import { stop } from '../order-service/program.ts';
import type { Running } from '../order-service/program.ts';
import type { Ports } from '../order-service/servers.ts';
import type { Load } from './load.ts';
import { processorTime } from './processor-time.ts';
import type { Part } from './processor-time.ts';

export interface MeasureOptions {
  readonly processes: string;
  readonly clients: string;
  /** Of each load. */
  readonly ms: string;
  readonly isReusing: boolean;
}

export interface Figures {
  readonly perSecond: number;
  readonly median: number;
  readonly p99: number;
  /** 1: a processor. */
  readonly shares: ReadonlyMap<Part, number>;
  /** Milliseconds of processor time of all parts but the load, for each request. */
  readonly cpu: number;
  /** Requests without an answer, or told to come again. */
  readonly failed: number;
}

/** Starts the service in a number of processes, lets clients place orders and then read one, and stops it. */
export function measure(
  servers: Ports,
  options: MeasureOptions,
): Promise<Readonly<Record<'order' | 'read', Figures>>> {
  return taskGroup(async (group) => {
    const prices = new Future<string>();
    const onListening = (url: string): void => prices.resolve(url);
    group.spawn(() => servePrices({ onListening }), { daemon: true });
    const service = await startCluster(servers, { prices: await prices.wait(), ...options });
    const { url } = service;
    await orderFirst(url);
    await loadFor({ url, kind: 'order', ...options, ms: '3000' });
    await untilInvoiced(servers.postgres);
    const order = await underLoad({ url, kind: 'order', ...options });
    await untilInvoiced(servers.postgres);
    await loadFor({ url, kind: 'read', ...options, ms: '2000' });
    const read = await underLoad({ url, kind: 'read', ...options });
    const exit = await stop(service);
    if (exit !== '0') throw new Error(`the service has ended by ${exit}`);
    return { order, read };
  });
}

/** Starts the primary, and waits until its first worker listens. */
async function startCluster(
  { postgres, redis }: Ports,
  options: Pick<MeasureOptions, 'processes' | 'isReusing'> & { readonly prices: string },
): Promise<Running> {
  const env = {
    ...process.env,
    ...{ PGPORT: String(postgres), REDIS_PORT: String(redis), PRICES: options.prices },
    ...{ PORT: options.isReusing ? '8099' : '0', REUSE_PORT: options.isReusing ? '1' : '0' },
    PROCESSES: options.processes,
  };
  const main = fileURLToPath(new URL('main.js', import.meta.url));
  const primary = await openProcess(process.execPath, [main], { env, stderr: 'ignore' });
  const { stdout } = primary;
  if (stdout === undefined) throw new Error('the service has no output');
  const url = await timeout(30_000, () => bufferedReader(stdout).readLine());
  if (url === undefined) throw new Error('the service has not begun');
  // All of them: the first says where.
  await sleep(1500);
  return { process: primary, url };
}

async function orderFirst(url: string): Promise<void> {
  const response = await fetch(new URL('/orders', url), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ id: 'first', item: 'lamp' }),
  });
  if (response.status !== 202) throw new Error(`the first order: ${response.status}`);
}

interface LoadOptions extends Pick<MeasureOptions, 'clients' | 'ms'> {
  readonly url: string;
  readonly kind: 'order' | 'read';
}

async function loadFor({ url, kind, clients, ms }: LoadOptions): Promise<Load> {
  const program = fileURLToPath(new URL('load.js', import.meta.url));
  const { stdout } = await runProcess(process.execPath, [program, url, kind, clients, ms]);
  return JSON.parse(stdout) as Load;
}

async function underLoad(options: LoadOptions): Promise<Figures> {
  const before = processorTime();
  const { answered, failed, ms, median, p99, cpu } = await loadFor(options);
  const after = processorTime();
  if (answered === 0) throw new Error(`all of ${failed} requests have failed`);
  const shares = new Map<Part, number>();
  for (const [part, time] of after) shares.set(part, (time - (before.get(part) ?? 0)) / ms);
  const all = [...shares.values()].reduce((sum, share) => sum + share, 0);
  shares.set('load', cpu / ms);
  const perSecond = (answered / ms) * 1000;
  return { perSecond, median, p99, shares, failed, cpu: (1000 * all) / perSecond };
}

/** Orders without an invoice are still work for the service. */
async function untilInvoiced(port: number): Promise<void> {
  const pool = new Pool({ host: '127.0.0.1', port, user: 'postgres', max: 1 });
  try {
    for (let left = 1; left > 0;) {
      await sleep(200);
      const { rows } = await pool.query<{ count: number }>(
        'SELECT count(*)::int FROM orders WHERE invoice IS NULL',
      );
      left = rows[0]?.count ?? 0;
    }
  } finally {
    await pool.end();
  }
}
