// Trouble for a service under load, and what it makes of it.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Future, sleep, taskGroup, timeout } from '@ambit/core';
import { bufferedReader, openProcess } from '@ambit/io';
import type { Process } from '@ambit/io';
import { Pool } from 'pg';
import { Gate } from './gate.ts';
import { load } from './load.ts';
import type { Seen } from './load.ts';
import { servePrices } from './price-list.ts';
import type { Ports } from './servers.ts';

/** SIGTERM in the middle; a database away for 0.6 s; a fifth of the prices hangs; a third of the clients leaves. */
export const TROUBLES = ['sigterm', 'outage', 'hanging', 'leaving'] as const;
export type Trouble = (typeof TROUBLES)[number];

export interface Counts extends Omit<Seen, 'accepted'> {
  readonly accepted: number;
  /** Accepted, and not in the database. */
  readonly lost: number;
  /** Accepted, and still without an invoice ten seconds after the load; of a service that has ended: 0. */
  readonly unfinished: number;
  /** Milliseconds of processor time for each request. */
  readonly cpu: number;
  readonly exit: string;
}

export interface ChaosOptions {
  /** The file of the service, beside this one's directory. */
  readonly program: string;
  readonly ports: Ports;
  readonly clients: number;
  readonly ms: number;
}

/** Starts the service, loads it while it has one trouble, and counts. */
export async function count(trouble: Trouble, options: ChaosOptions): Promise<Counts> {
  const { ports, clients, ms } = options;
  return taskGroup(async (group) => {
    const gate = group.use(await Gate.open(ports.postgres));
    const prices = new Future<string>();
    const hanging = trouble === 'hanging' ? 0.2 : 0;
    const onListening = (url: string): void => prices.resolve(url);
    group.spawn(() => servePrices({ hanging, onListening }), { daemon: true });
    const { service, url } = await start(options, gate.port, await prices.wait());
    const loading = group.spawn(() =>
      load(url, { clients, ms, limit: 1500, leaving: trouble === 'leaving' ? 0.33 : 0 }),
    );
    await sleep(ms / 3);
    if (trouble === 'outage') await gate.close(600);
    let before = 0;
    if (trouble === 'sigterm') {
      before = cpuOf(service);
      service.kill('SIGTERM');
    }
    const { accepted, ...seen } = await loading;
    const cpu = trouble === 'sigterm' ? before : cpuOf(service);
    const checked = await check(ports, accepted, trouble === 'sigterm' ? 0 : 10_000);
    // A second signal would end it at once.
    if (trouble !== 'sigterm') service.kill('SIGTERM');
    const { code, signal } = await timeout(15_000, () => service.wait());
    const exit = String(signal ?? code);
    return { ...seen, ...checked, accepted: accepted.length, cpu: cpu / seen.sent, exit };
  });
}

async function start(
  { program, ports }: ChaosOptions,
  database: number,
  prices: string,
): Promise<{ service: Process; url: string }> {
  const file = fileURLToPath(new URL(program, import.meta.url));
  const env = {
    ...process.env,
    PGPORT: String(database),
    REDIS_PORT: String(ports.redis),
    PORT: '0',
    PRICES: prices,
  };
  const service = await openProcess(process.execPath, [file], { env, stderr: 'ignore' });
  const { stdout } = service;
  if (stdout === undefined) throw new Error('the service has no output');
  const url = await timeout(20_000, () => bufferedReader(stdout).readLine());
  if (url === undefined) throw new Error('the service has not begun');
  return { service, url };
}

/** Milliseconds of processor time that a process has used. Linux tells it. */
function cpuOf({ pid }: Process): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

async function check(
  { postgres }: Ports,
  accepted: readonly string[],
  patience: number,
): Promise<{ lost: number; unfinished: number }> {
  const pool = new Pool({ host: '127.0.0.1', port: postgres, user: 'postgres', max: 1 });
  const among = async (what: string): Promise<number> => {
    const text = `SELECT count(*)::int FROM orders WHERE id = ANY($1) ${what}`;
    const { rows } = await pool.query<{ count: number }>(text, [accepted]);
    return rows[0]?.count ?? 0;
  };
  try {
    const lost = accepted.length - (await among(''));
    let unfinished = 0;
    for (let waited = 0; waited < patience; waited += 100) {
      unfinished = await among('AND invoice IS NULL');
      if (unfinished === 0) break;
      await sleep(100);
    }
    return { lost, unfinished };
  } finally {
    await pool.end();
  }
}
