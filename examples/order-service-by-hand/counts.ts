// Counts what the two services cost and leave behind, by hand and with Ambit: the same clients, the same servers.
//
//   npm run example -- order-service-by-hand/counts
//
// Prints a table in Markdown. It needs PostgreSQL and Redis.
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { Future, gather, run, sleep, taskGroup } from '@ambit/core';
import { fetch } from '@ambit/io';
import { Client, Pool } from 'pg';
import { servePrices } from '../order-service/price-list.ts';
import { start, stop } from '../order-service/program.ts';
import type { Program, Running } from '../order-service/program.ts';
import { withServers } from '../order-service/servers.ts';
import type { Servers } from '../order-service/servers.ts';

const CLIENTS = 10;
const NEXT = 5;
// Each takes 1.5 s by hand. A minute after the first query PostgreSQL ends those that are in the way.
const TRIES = 3;

interface Count {
  /** Queries of clients that have left, still running three seconds later. */
  readonly queries: number;
  /** Of the orders that came next, those that were taken at the third try at the latest. */
  readonly taken: number;
  /** The exit code after SIGTERM. */
  readonly exit: string;
}

async function count(program: Program, servers: Servers): Promise<Count> {
  return taskGroup(async (group) => {
    const prices = new Future<string>();
    const onListening = (url: string): void => prices.resolve(url);
    group.spawn(() => servePrices({ onListening }), { daemon: true });
    const service = await start(program, servers, await prices.wait());
    const ids = Array.from({ length: CLIENTS }, () => randomUUID());
    const holder = await hold(servers.postgres, ids);
    const pool = new Pool({ host: '127.0.0.1', port: servers.postgres, user: 'postgres', max: 1 });
    try {
      // They wait for another transaction. A client leaves as its task is cancelled.
      const clients = ids.map((id) => group.spawn(() => order(service, id, Infinity)));
      while ((await waitingQueries(pool)) < CLIENTS) await sleep(20);
      for (const client of clients) client.cancel();
      const queries = await settled(pool);
      const next = Array.from({ length: NEXT }, () => randomUUID());
      const answers = await gather(next.map((id) => () => order(service, id, TRIES)));
      const taken = answers.filter(Boolean).length;
      return { queries, taken, exit: await stop(service) };
    } finally {
      await pool.end();
      await holder.end();
    }
  });
}

/** Begins to store these orders, and does not commit. */
async function hold(port: number, ids: readonly string[]): Promise<Client> {
  const client = new Client({ host: '127.0.0.1', port, user: 'postgres' });
  client.on('error', () => undefined);
  await client.connect();
  await client.query('BEGIN');
  const text = `INSERT INTO orders (id, item, price) SELECT id, 'lamp', 1 FROM unnest($1::text[]) AS id`;
  await client.query(text, [ids]);
  return client;
}

/** Sends an order until it is taken. */
async function order({ url }: Running, id: string, tries: number): Promise<boolean> {
  for (let at = 0; at < tries; at += 1) {
    const { status } = await fetch(new URL('/orders', url), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ id, item: 'lamp' }),
    });
    if (status === 202) return true;
  }
  return false;
}

async function waitingQueries(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ count: number }>(
    "SELECT count(*)::int FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'INSERT INTO orders%'",
  );
  return rows[0]?.count ?? 0;
}

/** How many are there when none is left, or after three seconds. */
async function settled(pool: Pool): Promise<number> {
  const end = performance.now() + 3000;
  for (;;) {
    const waiting = await waitingQueries(pool);
    if (waiting === 0 || performance.now() > end) return waiting;
    await sleep(20);
  }
}

/** Lines of code, without empty ones and comments. */
function linesOf(folder: string, isMeant: (name: string) => boolean): number {
  const sources = new URL(`../../${folder}/`, import.meta.url);
  const isCode = (line: string): boolean => !/^\s*(\/\/.*|\/\*\*.*|\*.*)?$/.test(line);
  return readdirSync(sources)
    .filter(isMeant)
    .flatMap((name) => readFileSync(new URL(name, sources), 'utf8').split('\n').filter(isCode))
    .length;
}

const isAdapter = (name: string): boolean => /^adapter-|-thread\.ts$/.test(name);
const isService = (name: string): boolean =>
  /^(jobs|main|orders|placing|prices|routes|service)\.ts$/.test(name);

const [hand, ambit] = await run(() =>
  withServers(async (servers): Promise<[Count, Count]> => [
    await count({ file: '../order-service-by-hand/main.js', framework: 'fastify' }, servers),
    await count({ file: 'main.js', framework: 'fastify' }, servers),
  ]),
);

const [byHand, withAmbit] = ['order-service-by-hand', 'order-service'];
const table = [
  ['', 'by hand', 'with Ambit'],
  ['---', '---:', '---:'],
  ['lines of the service', linesOf(byHand, isService), linesOf(withAmbit, isService)],
  ['lines of adapters', linesOf(byHand, isAdapter), linesOf(withAmbit, isAdapter)],
  [`queries still running after ${CLIENTS} clients have left`, hand.queries, ambit.queries],
  [`of the ${NEXT} orders that come next, taken`, hand.taken, ambit.taken],
  ['exit code after SIGTERM', hand.exit, ambit.exit],
];
console.log(table.map((cells) => `| ${cells.join(' | ')} |`).join('\n'));
