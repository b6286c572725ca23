import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

// The examples, as a reader runs them: each a process that prints what it should, and ends by itself.

const root = resolve(__dirname, '../..');
const dist = join(root, 'examples/dist');

// A process for each test, on a machine that is busy with other tests.
jest.setTimeout(90_000);

beforeAll(() => {
  if (!existsSync(join(dist, 'broadcast.js')))
    throw new Error('examples are not built; run `npm test`, or `npm run build`');
});

/** What it prints, line by line, once it has ended by itself, with nothing to complain of. */
async function linesOf(name: string): Promise<string[]> {
  const child = spawn(process.execPath, ['--trace-warnings', join(dist, `${name}.js`)], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk) => (out += String(chunk)));
  child.stderr.on('data', (chunk) => (err += String(chunk)));
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  expect({ err, code, signal }).toEqual({ err: '', code: 0, signal: null });
  return out.trimEnd().split('\n');
}

test.each([[[]], [['nothing']], [['../scripts/setup']]])(
  '`npm run example` with %j names the examples',
  (args) => {
    const start = [join(root, 'scripts/start.mjs'), ...args];
    const { stderr, status } = spawnSync(process.execPath, start, { encoding: 'utf8' });
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /^ambit: .*name an.*: agent, apps, broadcast, .*, mcp-server, .*tail\n$/,
    );
  },
);

test('producer-consumer: each photo is taken once, and the producer has to wait', async () => {
  const lines = await linesOf('producer-consumer');
  const taken = lines.flatMap((line) => /^(?:Ann|Bob) takes photo (\d)$/.exec(line)?.[1] ?? []);
  expect(taken.sort().join('')).toBe('1234567');
  expect(lines.filter((line) => line.endsWith('has to wait as well'))).not.toEqual([]);
  expect(lines.filter((line) => line.endsWith('goes home')).sort()).toEqual([
    'Ann goes home',
    'Bob goes home',
  ]);
  expect(lines.at(-1)).toBe('all developed');
});

test('rate-limited-client: every price comes, through errors and silence, and no faster than allowed', async () => {
  const lines = await linesOf('rate-limited-client');
  expect(lines.slice(0, 6)).toEqual([
    'apple: 5 coins',
    'bread: 5 coins',
    'cheese: 6 coins',
    'dill: not sold here',
    'egg: 3 coins',
    'fig: 3 coins',
  ]);
  // On a slow machine there may be more of them.
  expect(lines[6]).toMatch(/^\d+ requests; bread took [3-4]$/);
  expect(lines.slice(7)).toEqual(['no faster than allowed: yes']);
});

test('keyed-cache: each entry is loaded once, and a cancelled loader hands on', async () => {
  const lines = await linesOf('keyed-cache');
  expect(lines).toEqual([
    'loading alice',
    'loading bob',
    '2 are being loaded, for 5 who ask',
    'ALICE, BOB, ALICE, BOB, ALICE',
    'loading carol',
    'loading carol',
    'the hasty one has nothing, the patient one CAROL',
    '0 locks are left',
  ]);
});

test('broadcast: the slow subscriber is told what it missed, the fast one misses nothing', async () => {
  const lines = await linesOf('broadcast');
  const of = (who: string): string[] => lines.filter((line) => line.startsWith(who));
  expect(of('ticker')).toEqual(['ticker: 101 102 103 104 105 106 107 108']);
  expect(of('trader')).toEqual([
    'trader: 101',
    'trader: missed 4',
    'trader: 106',
    'trader: 107',
    'trader: 108',
  ]);
});

test('connection-pool: two connections serve all, and one that was cut short is replaced', async () => {
  const lines = await linesOf('connection-pool');
  expect(lines).toEqual([
    'one! two! three! four! five! six!',
    '6 queries, 2 connections',
    'no answer in time',
    'one! two! three! four! five! six!',
    '3 connections by now',
  ]);
});

test('opentelemetry: a tree of spans, with what became of each task', async () => {
  const lines = await linesOf('opentelemetry');
  expect(lines).toEqual([
    'shown without orders: Error: disk full',
    '',
    'main: fulfilled',
    '  loadUser: fulfilled',
    '    SELECT user: a span of its own',
    '  loadOrders: fulfilled',
    '    · cancel (failure)',
    '    page *: cancelled (failure)',
    '    page *: rejected (Error: disk full)',
    '      · exception',
    '  loadAdvert: fulfilled',
    '    auction: cancelled (deadline)',
  ]);
});

test('every program has its test', () => {
  const programs = readdirSync(join(root, 'examples')).filter((name) => name.endsWith('.ts'));
  const tested = ['producer-consumer', 'rate-limited-client', 'keyed-cache', 'broadcast'];
  const more = [
    'connection-pool',
    'opentelemetry',
    'link-check',
    'reverse-proxy',
    'job-runner',
    'hash-farm',
    'tail',
    'chat-server',
  ];
  expect(programs.sort()).toEqual([...tested, ...more].map((name) => `${name}.ts`).sort());
});
