// Trouble for a service under load, and what it makes of it.
import { readFileSync } from 'node:fs';
import { Future, sleep, taskGroup } from '@ambit/core';
import type { TaskGroup } from '@ambit/core';
import { Pool } from 'pg';
import { chance } from './chance.ts';
import { Gate } from './gate.ts';
import { load } from './load.ts';
import type { Seen } from './load.ts';
import { servePrices } from './price-list.ts';
import { start, stop } from './program.ts';
import type { Program, Running } from './program.ts';
import type { Servers } from './servers.ts';

/** What happens, and how it is told. */
export const TROUBLES = {
  none: 'nothing is wrong',
  outage: 'the database is away for 0.6 s',
  sessions: 'the database ends all sessions, three times',
  redis: 'Redis restarts and has lost all jobs',
  hanging: 'a fifth of the prices hangs',
  leaving: 'a third of the clients leaves',
  sigterm: 'SIGTERM under load',
} as const;
export type Trouble = keyof typeof TROUBLES;

export interface Counts extends Omit<Seen, 'accepted'> {
  readonly accepted: number;
  /** Accepted, and not in the database. */
  readonly lost: number;
  /** Accepted, and still without an invoice a minute later; if the service has ended, a minute after it was started again. */
  readonly unfinished: number;
  /** Milliseconds of processor time for each request that was not refused. */
  readonly cpu: number;
  readonly exit: string;
}

export interface ChaosOptions {
  readonly program: Program;
  readonly servers: Servers;
  readonly clients: number;
  readonly seed: number;
  /** Milliseconds of load. */
  readonly ms: number;
}

/** Starts the service, loads it while it has troubles one after the other, and counts. */
export async function count(troubles: readonly Trouble[], options: ChaosOptions): Promise<Counts> {
  const { servers, clients, seed, ms, program } = options;
  const random = chance(seed);
  return taskGroup(async (group) => {
    const gate = group.use(await Gate.open(servers.postgres));
    const prices = await startPrices(group, troubles.includes('hanging') ? 0.2 : 0);
    const ports = { redis: servers.redis, postgres: gate.port };
    const service = await start(program, ports, prices);
    await warmUp(service.url);
    const before = cpuOf(service);
    const end = performance.now() + ms;
    let isOver = false;
    const loading = group.spawn(() =>
      load(service.url, {
        clients,
        leaving: troubles.includes('leaving') ? 0.33 : 0,
        isOver: () => isOver && performance.now() >= end,
        random,
      }),
    );
    let exit: string | undefined;
    let cpu = before;
    for (const trouble of troubles) {
      await sleep(ms * (0.2 + 0.3 * random()));
      cpu = cpuOf(service);
      if (trouble === 'outage') await gate.close(600);
      else if (trouble === 'sessions') await endSessions(servers.postgres);
      else if (trouble === 'redis') await servers.restartRedis();
      else if (trouble === 'sigterm') exit = await stop(service);
    }
    isOver = true;
    const { accepted, ...seen } = await loading;
    if (exit === undefined) cpu = cpuOf(service);
    else await start(program, ports, prices);
    const checked = await check(servers.postgres, accepted);
    exit ??= await stop(service);
    return {
      ...seen,
      ...checked,
      accepted: accepted.length,
      cpu: (cpu - before) / seen.sent,
      exit,
    };
  });
}

/** What is compiled and connected by the first order is no part of the load. */
async function warmUp(url: string): Promise<void> {
  const isOver = ({ accepted }: Seen): boolean => accepted.length > 0;
  await load(url, { clients: 1, leaving: 0, isOver, random: () => 0 });
}

async function startPrices(group: TaskGroup, hanging: number): Promise<string> {
  const prices = new Future<string>();
  const onListening = (url: string): void => prices.resolve(url);
  group.spawn(() => servePrices({ hanging, onListening }), { daemon: true });
  return prices.wait();
}

/** As a failover does, or an administrator. */
async function endSessions(port: number): Promise<void> {
  const pool = poolOf(port);
  try {
    for (let times = 0; times < 3; times += 1) {
      await pool.query(
        'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND usename IS NOT NULL',
      );
      await sleep(100);
    }
  } finally {
    await pool.end();
  }
}

/** Milliseconds of processor time that a process has used. Linux tells it. */
function cpuOf({ process: { pid } }: Running): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

function poolOf(port: number): Pool {
  return new Pool({ host: '127.0.0.1', port, user: 'postgres', max: 1 });
}

async function check(
  port: number,
  accepted: readonly string[],
): Promise<{ lost: number; unfinished: number }> {
  const pool = poolOf(port);
  const among = async (what: string): Promise<number> => {
    const text = `SELECT count(*)::int FROM orders WHERE id = ANY($1) ${what}`;
    const { rows } = await pool.query<{ count: number }>(text, [accepted]);
    return rows[0]?.count ?? 0;
  };
  try {
    const lost = accepted.length - (await among(''));
    let unfinished = 0;
    for (let waited = 0; waited < 60_000; waited += 100) {
      unfinished = await among('AND invoice IS NULL');
      if (unfinished === 0) break;
      await sleep(100);
    }
    return { lost, unfinished };
  } finally {
    await pool.end();
  }
}
