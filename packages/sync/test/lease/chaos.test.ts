import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { startPostgres, startRedis } from '../../../../test-servers/servers.ts';
import type { TestServer } from '../../../../test-servers/servers.ts';

// Nodes in processes of their own against real servers: one run of each fault. `node scripts/chaos.mjs` does many.

jest.setTimeout(3_600_000);

interface Row {
  readonly fault: string;
  readonly store: string;
  readonly runs: number;
  readonly grants: number;
  readonly overlap: number;
  readonly writes: number;
  readonly refused: number;
  readonly admittedStale: number;
  readonly lost: Readonly<Record<string, number>>;
}

const runs = process.env['AMBIT_CHAOS_RUNS'] ?? '1';
const servers: TestServer[] = [];
let rows: readonly Row[] = [];

async function measure(kind: string, server: TestServer): Promise<Row[]> {
  servers.push(server);
  const program = join(__dirname, '../fixtures/chaos.mjs');
  const child = spawn(process.execPath, [program, kind, String(server.port), runs], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [out, [code]] = (await Promise.all([text(child.stdout), once(child, 'exit')])) as [
    string,
    [number | null],
  ];
  expect(code).toBe(0);
  return JSON.parse(out) as Row[];
}

beforeAll(async () => {
  const [redis, postgres] = [await startRedis(), await startPostgres()];
  const both = [measure('redis', redis), measure('postgres', postgres)];
  rows = (await Promise.all(both)).flat();
  const file = process.env['AMBIT_CHAOS_ROWS'];
  if (file !== undefined) writeFileSync(file, JSON.stringify(rows));
});

afterAll(async () => {
  for (const server of servers) await server.stop();
});

const of = (fault: string): Row[] => rows.filter((row) => row.fault === fault);

test('each fault happened with both servers, and another node went on', () => {
  expect(rows).toHaveLength(10);
  for (const row of rows) expect(row.grants).toBeGreaterThanOrEqual(row.runs * 4);
});

test('nodes that run never overlap', () => {
  for (const row of rows) expect(row).toMatchObject({ overlap: 0 });
});

test('the resource admits no write of an older fence than one that has begun', () => {
  for (const row of rows) {
    expect(row.writes).toBeGreaterThan(0);
    expect(row).toMatchObject({ admittedStale: 0 });
  }
});

test('a node that was stopped writes late, and is refused by its fence', () => {
  for (const row of of('SIGSTOP')) {
    expect(row.refused).toBeGreaterThanOrEqual(1);
    expect(Object.keys(row.lost)).not.toEqual([]);
  }
});

test.each(['connections cut', 'connections half-open', 'connections frozen'])(
  '%s: the node that cannot reach the store is told before its lease ends',
  (fault) => {
    for (const row of of(fault)) expect(row.lost).toHaveProperty('unreachable');
  },
);
