import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { Pool } from 'pg';
import { startPostgres } from '../../test-servers/servers.ts';
import type { TestServer } from '../../test-servers/servers.ts';

// The MCP server as a process, with the SDK's client and a real database. A test counts what a call leaves behind: queries of
// the database, connections to a page, processes.

const program = resolve(__dirname, '../dist/mcp-server/main.js');
const SLEEP = `sleep 98.${process.pid}`;

jest.setTimeout(120_000);

let database: TestServer;
let observer: Pool;
let pages = 0;
const site = createServer((request, response) => {
  pages += 1;
  response.on('close', () => (pages -= 1));
  if (request.url === '/page') response.end('a page');
});
const cleanup: (() => unknown)[] = [];

beforeAll(async () => {
  if (!existsSync(program))
    throw new Error('examples are not built; run `npm test`, or `npm run build`');
  database = await startPostgres();
  observer = new Pool({ connectionString: databaseUrl() });
  site.listen(0, '127.0.0.1');
  await once(site, 'listening');
});

afterEach(async () => {
  for (const step of cleanup.splice(0).reverse()) await step();
});

afterAll(async () => {
  site.close();
  site.closeAllConnections();
  await observer.end();
  await database.stop();
});

const databaseUrl = (): string => `postgres://postgres@127.0.0.1:${database.port}/postgres`;
const siteUrl = (path: string): string => {
  return `http://127.0.0.1:${(site.address() as AddressInfo).port}${path}`;
};

async function serverOverHttp(drain = 10_000) {
  const args = [program, '--database', databaseUrl(), '--port', '0', '--drain', String(drain)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'pipe'] });
  const ended = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  cleanup.push(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  const [url] = (await once(createInterface(child.stderr), 'line')) as [string];
  return { url, child, ended };
}

async function connected(url: string, mode: 'auto' | 'legacy' = 'auto'): Promise<Client> {
  const client = new Client({ name: 'test', version: '1.0.0' }, { versionNegotiation: { mode } });
  await client.connect(new StreamableHTTPClientTransport(new URL(url)));
  cleanup.push(() => client.close());
  return client;
}

const textOf = (result: unknown): string =>
  (result as { content: { text: string }[] }).content.map(({ text }) => text).join('');

interface Left {
  readonly queries: number;
  readonly pages: number;
  readonly processes: number;
}

async function left(): Promise<Left> {
  const { rows } = await observer.query<{ n: string }>(
    `SELECT count(*) AS n FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%pg_sleep(97)%' AND pid <> pg_backend_pid()`,
  );
  const processes = readdirSync('/proc').filter((name) => {
    try {
      return (
        /^\d+$/.test(name) &&
        readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').includes(SLEEP)
      );
    } catch {
      return false;
    }
  });
  return { queries: Number(rows[0]?.n), pages, processes: processes.length };
}

async function untilLeft(expected: Left): Promise<void> {
  for (let at = 0; at < 500; at += 1) {
    const now = await left();
    if (JSON.stringify(now) === JSON.stringify(expected)) return;
    await pause(20);
  }
  expect(await left()).toEqual(expected);
}

const NOTHING = { queries: 0, pages: 0, processes: 0 };
/** A shell and what it has started. */
const ALL = { queries: 1, pages: 1, processes: 2 };

/** Calls every tool, leaves while all of them work, and waits until nothing of it is left. */
async function leaveAmid(client: Client): Promise<void> {
  const leave = new AbortController();
  const calls = callAll(client, leave.signal);
  await untilLeft(ALL);
  leave.abort();
  await Promise.all(calls);
  await untilLeft(NOTHING);
}

/** Calls three tools, each of which would take minutes. */
function callAll(client: Client, signal: AbortSignal): Promise<unknown>[] {
  const calls = [
    { name: 'query', arguments: { sql: 'SELECT pg_sleep(97)' } },
    { name: 'fetch_page', arguments: { url: siteUrl('/never') } },
    { name: 'run_commands', arguments: { commands: [`${SLEEP} & wait`] } },
  ];
  return calls.map((call) => client.callTool(call, { signal }).catch(() => undefined));
}

test.each(['auto', 'legacy'] as const)('the tools work, for a client that is %s', async (mode) => {
  const { url } = await serverOverHttp();
  const client = await connected(url, mode);
  const call = async (name: string, input: Record<string, unknown>) =>
    textOf(await client.callTool({ name, arguments: input }));
  expect(await call('query', { sql: 'SELECT 1 AS one' })).toBe('[{"one":1}]');
  expect(await call('fetch_page', { url: siteUrl('/page') })).toBe('a page');
  expect(await call('run_commands', { commands: ['echo a', 'echo b'] })).toBe('a\nb\n');
  // A failing tool is a result, and the next call is served.
  expect(await call('query', { sql: 'SELEC' })).toMatch(/syntax error/);
});

test('progress is told while a call goes on', async () => {
  const { url } = await serverOverHttp();
  const client = await connected(url);
  const told: unknown[] = [];
  const commands = ['true', 'true', 'true'];
  await client.callTool(
    { name: 'run_commands', arguments: { commands } },
    { onprogress: ({ progress, total }) => told.push([progress, total]) },
  );
  expect(told).toEqual([
    [1, 3],
    [2, 3],
    [3, 3],
  ]);
});

test('a client that leaves cancels its calls, in 50 of 50 runs: query, connection, processes', async () => {
  const { url } = await serverOverHttp();
  const client = await connected(url);
  let clean = 0;
  for (let at = 0; at < 50; at += 1) {
    await leaveAmid(client);
    clean += 1;
  }
  expect(clean).toBe(50);
  expect(
    textOf(await client.callTool({ name: 'query', arguments: { sql: 'SELECT 1 AS one' } })),
  ).toBe('[{"one":1}]');
});

test('a client of 2025 cancels by a notification, in 10 of 10 runs, and by closing', async () => {
  const { url } = await serverOverHttp();
  const client = await connected(url, 'legacy');
  let clean = 0;
  for (let at = 0; at < 10; at += 1) {
    await leaveAmid(client);
    clean += 1;
  }
  expect(clean).toBe(10);
  const calls = callAll(client, new AbortController().signal);
  await untilLeft(ALL);
  await client.close();
  await Promise.all(calls);
  await untilLeft(NOTHING);
});

test('a session that is not there is refused, and so is what opens none', async () => {
  const { url } = await serverOverHttp();
  const ask = async (method: string, session?: string) => {
    const headers = {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...(session !== undefined && { 'mcp-session-id': session }),
    };
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' });
    const response = await fetch(url, { method, headers, ...(method === 'POST' && { body }) });
    await response.text();
    return response.status;
  };
  expect(await ask('POST', 'gone')).toBe(404);
  expect(await ask('POST')).toBe(400);
  expect(await ask('DELETE', 'gone')).toBe(404);
  expect(await ask('GET')).toBe(405);
});

test('the counts are those of the guide', () => {
  if (process.platform !== 'linux') return;
  const counts = resolve(__dirname, '../dist/mcp-server/counts.js');
  const args = ['--no-warnings', counts, '--database', databaseUrl()];
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  const page = readFileSync(resolve(__dirname, '../../docs/guides/mcp-server.md'), 'utf8');
  const [, shown = ''] = /<!-- counts -->\n\n((?:\|.*\n)+)/.exec(page) ?? [];
  const cellsOf = (table: string): string[][] => {
    const [, , ...rows] = table.trim().split('\n');
    return rows.map((row) => row.split('|').map((cell) => cell.trim()));
  };
  expect(cellsOf(stdout)).toEqual(cellsOf(shown));
});

test('SIGTERM: a call that has begun is finished, one that takes too long is cancelled', async () => {
  const { url, child, ended } = await serverOverHttp(1500);
  const client = await connected(url);
  const stay = new AbortController();
  const short = client.callTool({
    name: 'run_commands',
    arguments: { commands: ['sleep 0.5; echo done'] },
  });
  const long = callAll(client, stay.signal);
  await untilLeft(ALL);
  child.kill('SIGTERM');
  expect(textOf(await short)).toBe('done\n');
  // By its own end or by the signal: both are at the end of the drain.
  expect([0, 'SIGTERM']).toContain((await ended).find((end) => end !== null));
  expect(await left()).toEqual(NOTHING);
  stay.abort();
  await Promise.all(long);
});

test('over stdio: notifications/cancelled cancels a call, and the end of the client the server', async () => {
  const client = new Client(
    { name: 'test', version: '1.0.0' },
    { versionNegotiation: { mode: 'auto' } },
  );
  const args = [program, '--stdio', '--database', databaseUrl()];
  await client.connect(
    new StdioClientTransport({ command: process.execPath, args, stderr: 'ignore' }),
  );
  await leaveAmid(client);
  const again = callAll(client, new AbortController().signal);
  await untilLeft(ALL);
  await client.close();
  await Promise.all(again);
  await untilLeft(NOTHING);
});
