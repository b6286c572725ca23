// Counts what calls leave behind whose client has left, by hand and with Ambit: the same tools, SDK and database.
//
//   npm run example -- mcp-server/counts --database postgres://postgres@127.0.0.1:5432/postgres
//
// Prints a table in Markdown. The processes are counted in /proc, so it needs Linux.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import pg from 'pg';

const { values } = parseArgs({
  options: {
    database: { type: 'string', default: 'postgres://postgres@127.0.0.1:5432/postgres' },
  },
});

/** Of each tool. */
const CALLS = 5;
/** By which the queries and processes of this run are known. */
const SECONDS = `96.${process.pid}`;

/** Work on the server's side that has not ended. */
interface Left {
  readonly queries: number;
  readonly connections: number;
  readonly processes: number;
}

const observer = new pg.Pool({ connectionString: values.database });
const connections = new Set<unknown>();
// A page that is never sent.
const site = createServer((_, response) => {
  connections.add(response);
  response.on('close', () => connections.delete(response));
});
site.listen(0, '127.0.0.1');
await once(site, 'listening');

async function left(): Promise<Left> {
  const { rowCount } = await observer.query(
    `SELECT FROM pg_stat_activity WHERE state = 'active' AND query = 'SELECT pg_sleep(${SECONDS})'`,
  );
  return {
    queries: rowCount ?? 0,
    connections: connections.size,
    processes: sleepers().length,
  };
}

/** The processes that the calls have started, without their shells. */
function sleepers(): number[] {
  const isOurs = (pid: string): boolean => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8') === `sleep\0${SECONDS}\0`;
    } catch {
      return false; // it has ended meanwhile
    }
  };
  return readdirSync('/proc').filter(isOurs).map(Number);
}

/** Calls three tools, each of which would take a minute and a half. */
function callAll(client: Client, signal: AbortSignal): Promise<unknown>[] {
  const { port } = site.address() as AddressInfo;
  const calls = [
    { name: 'query', arguments: { sql: `SELECT pg_sleep(${SECONDS})` } },
    { name: 'fetch_page', arguments: { url: `http://127.0.0.1:${port}/` } },
    { name: 'run_commands', arguments: { commands: [`sleep ${SECONDS} & wait`] } },
  ];
  return calls.map((call) => client.callTool(call, { signal }).catch(() => undefined));
}

type Contender = readonly [program: string, args: readonly string[]];

async function count([program, args]: Contender, mode: 'legacy' | 'auto'): Promise<Left> {
  const file = fileURLToPath(new URL(program, import.meta.url));
  const child = spawn(process.execPath, [file, ...args], { stdio: ['ignore', 'inherit', 'pipe'] });
  const [url] = (await once(createInterface(child.stderr), 'line')) as [string];
  const about = { name: 'counts', version: '1.0.0' };
  const client = new Client(about, { versionNegotiation: { mode } });
  await client.connect(new StreamableHTTPClientTransport(new URL(url)));
  const leave = new AbortController();
  const results = Array.from({ length: CALLS }, () => callAll(client, leave.signal));
  const hasBegun = (number: number): boolean => number === CALLS;
  while (!Object.values(await left()).every(hasBegun)) await pause(20);
  leave.abort();
  await Promise.all(results.flat());
  const counted = await afterAWhile();
  await client.close();
  child.kill('SIGKILL');
  await cleanUp();
  return counted;
}

/** What is left two seconds later, or nothing as soon as that is so. */
async function afterAWhile(): Promise<Left> {
  for (let at = 0; ; at += 1) {
    const now = await left();
    if (at === 40 || Object.values(now).every((number) => number === 0)) return now;
    await pause(50);
  }
}

/** Ends what a server has left behind. */
async function cleanUp(): Promise<void> {
  for (const pid of sleepers()) process.kill(pid);
  await observer.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(${SECONDS})'`,
  );
  while ((await left()).queries > 0) await pause(20);
}

const hand: Contender = ['by-hand.js', [values.database]];
const ambit: Contender = ['main.js', ['--database', values.database, '--port', '0']];
const rows: (string | number)[][] = [
  ['', 'by hand', 'with Ambit'],
  ['---', '---:', '---:'],
];
for (const [revision, mode] of [['2026-07-28', 'auto'] as const, ['2025', 'legacy'] as const]) {
  const byHand = await count(hand, mode);
  const withAmbit = await count(ambit, mode);
  const add = (what: string, key: keyof Left): void => {
    rows.push([`client of ${revision}: of ${CALLS} ${what}`, byHand[key], withAmbit[key]]);
  };
  add('queries, still running on the database', 'queries');
  add('pages, still being fetched', 'connections');
  add('commands, processes still running', 'processes');
}
console.log(rows.map((cells) => `| ${cells.join(' | ')} |`).join('\n'));
await observer.end();
site.close();
site.closeAllConnections();
