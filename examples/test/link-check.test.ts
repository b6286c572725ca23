import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { freePort } from '../../test-servers/free-port.ts';

const root = resolve(__dirname, '../..');
const program = join(root, 'examples/dist/link-check.js');

interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

interface Row {
  page: string;
  link: string;
  status: string;
  reason: string;
  ms: number | null;
}

interface Report {
  pages: number;
  counts: Record<string, number>;
  stopped: string | null;
  links: Row[];
}

/** Answers when the process has ended and its output is complete. */
async function outcomeOf(child: ChildProcess): Promise<Outcome> {
  let out = '';
  let err = '';
  child.stdout!.on('data', (chunk) => (out += String(chunk)));
  child.stderr!.on('data', (chunk) => (err += String(chunk)));
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { code, signal, out, err };
}

function start(...args: string[]): ChildProcess {
  // A rejection that nobody handles ends the program with code 1 and a stack trace; see `clean`.
  return spawn(process.execPath, ['--trace-warnings', program, ...args], { cwd: root });
}

function linkCheck(...args: string[]): Promise<Outcome> {
  return outcomeOf(start(...args));
}

/** On stderr there is progress and nothing else. */
function expectClean({ err }: Outcome): void {
  expect(err.split('\n').filter((line) => !/^(\d+ of \d+: .*)?$/.test(line))).toEqual([]);
}

function reportOf({ out }: Outcome): Report {
  return JSON.parse(out) as Report;
}

/** `{ '/lost': 'broken: 404 Not Found', … }` */
function findings({ links }: Report): Record<string, string> {
  return Object.fromEntries(
    links.map(({ link, status, reason }) => [link, reason ? `${status}: ${reason}` : status]),
  );
}

type Route = string | ((response: ServerResponse) => void);

/** A site of the given pages; everything else is 404. */
async function serve(routes: Record<string, Route>): Promise<Server & { url: string }> {
  const server = createServer((request, response) => {
    const route = routes[request.url ?? ''];
    if (route === undefined) response.writeHead(404).end();
    else if (typeof route === 'function') route(response);
    else response.setHeader('content-type', 'text/html').end(route);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const close = (): void => {
    server.close();
    server.closeAllConnections();
  };
  cleanup.push(close);
  return Object.assign(server, { url: `http://127.0.0.1:${port}` });
}

async function folder(files: Record<string, string>): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'link-check-'));
  cleanup.push(() => rm(path, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(path, name, '..'), { recursive: true });
    await writeFile(join(path, name), text);
  }
  return path;
}

function redirectTo(location: string): Route {
  return (response) => response.writeHead(302, { location }).end();
}

const never: Route = () => undefined;

function pageWith(links: string[]): string {
  return links.map((link) => `<a href="${link}">${link}</a>`).join('\n');
}

// A process for each test, on a machine that is busy with other tests.
jest.setTimeout(90_000);

const cleanup: (() => unknown)[] = [];

beforeAll(() => {
  if (!existsSync(program))
    throw new Error('examples are not built; run `npm test`, or `npm run build`');
});

afterEach(async () => {
  for (const step of cleanup.splice(0)) await step();
});

/** A site with everything that can be wrong; `elsewhere` is another one. */
async function troubledSite(): Promise<string> {
  const elsewhere = await serve({ '/': 'elsewhere', '/deep': pageWith(['/not-crawled']) });
  const broken = await freePort();
  let failures = 0;
  const { url } = await serve({
    '/': `<base href="/"><h1 id="top-of-all">Home</h1>
      ${pageWith(['good', 'lost', 'good#there', 'good#not-there', 'round', 'hangs', 'moved#there'])}
      ${pageWith([`http://127.0.0.1:${broken}/refused`, `${elsewhere.url}/deep`, `${elsewhere.url}/no`])}
      ${pageWith(['flaky', 'mailto:a@b.example', '#top-of-all', '#%74op-of-all'])} <img src="no.png">`,
    '/good': `<h2 id="there">Good</h2>${pageWith(['/', 'lost'])}`,
    '/moved': redirectTo('/good'),
    '/round': redirectTo('/about'),
    '/about': redirectTo('/round'),
    '/hangs': never,
    '/flaky': (response) => {
      failures += 1;
      response.writeHead(failures === 1 ? 503 : 200).end();
    },
  });
  return url;
}

test('finds broken links, anchors, circles, silence and refusal, and reports them as JSON', async () => {
  const url = await troubledSite();
  const outcome = await linkCheck(url, '--json', '--timeout', '700');
  const report = reportOf(outcome);
  const { [report.links.find(({ link }) => link.endsWith('/refused'))!.link]: refused, ...found } =
    findings({ ...report, links: report.links.filter(({ page }) => page === `${url}/`) });
  const there = Object.fromEntries(
    Object.entries(found).map(([link, finding]) => [link.replace(/^http.*\d\//, 'else:'), finding]),
  );
  expect(refused).toBe('broken: connection refused');
  expect(there).toEqual({
    good: 'ok',
    lost: 'broken: 404 Not Found',
    'good#there': 'ok',
    'good#not-there': 'broken: no #not-there there',
    round: 'broken: redirects in a circle: /round',
    hangs: 'broken: no answer in 700 ms',
    'moved#there': 'ok: redirects to /good',
    'else:deep': 'ok',
    'else:no': 'broken: 404 Not Found',
    flaky: 'ok',
    '#top-of-all': 'ok',
    '#%74op-of-all': 'ok',
    'no.png': 'broken: 404 Not Found',
  });
  expect(report).toMatchObject({
    pages: 2,
    counts: { ok: 8, broken: 8, skipped: 0, unchecked: 0 },
    stopped: null,
  });
  // Each link as the page has it: /good writes its own link to the lost page.
  expect(report.links).toContainEqual({
    page: `${url}/good`,
    link: 'lost',
    status: 'broken',
    reason: '404 Not Found',
    ms: expect.any(Number) as number,
  });
  expect(outcome).toMatchObject({ code: 1, signal: null });
  expectClean(outcome);
});

test('prints a table, a line for each page and one for each broken link', async () => {
  const path = await folder({
    'index.md': '# Home\n[a](sub/a.md#über-uns) [b](sub/a.md#b) [c](sub) <https://host.invalid/>',
    'sub/a.md': '# Über uns\n[home](../index.md#home) ![no](no.png)',
    'unlinked.html': '<a href="/index.md">home</a>',
  });
  const outcome = await linkCheck(path);
  expect(outcome).toMatchObject({ code: 1, signal: null });
  const cells = outcome.out
    .split('\n')
    .filter((line) => line.startsWith('│'))
    .map((line) =>
      line
        .replace(/\d+ ms/, '<time>')
        .split('│')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  expect(cells[0]).toEqual(['page', 'link', 'status', 'reason', 'time']);
  expect(cells.slice(1).sort()).toEqual([
    ['index.md', '1 link', 'skipped', 'external', ''],
    ['index.md', '2 links', 'ok', '', '<time>'],
    ['index.md', 'sub/a.md#b', 'broken', 'no #b there', '<time>'],
    ['sub/a.md', '1 link', 'ok', '', '<time>'],
    ['sub/a.md', 'no.png', 'broken', '404 Not Found', '<time>'],
    ['unlinked.html', '1 link', 'ok', '', '<time>'],
  ]);
  expect(outcome.out.trimEnd()).toMatch(/7 links on 3 pages: 4 ok, 2 broken, 1 skipped$/);
  expectClean(outcome);
});

test('says that all is well with exit code 0', async () => {
  const { url } = await serve({ '/': pageWith(['/', 'a']), '/a': pageWith(['/']) });
  const outcome = await linkCheck(url, '--show', 'broken');
  expect(outcome).toMatchObject({ code: 0, out: '3 links on 2 pages: 3 ok\n' });
});

test('leaves other sites alone when told to, also behind a redirect', async () => {
  const elsewhere = await serve({});
  const { url } = await serve({
    '/': pageWith([`${elsewhere.url}/lost`, 'out']),
    '/out': redirectTo(`${elsewhere.url}/lost`),
  });
  const outcome = await linkCheck(url, '--no-external', '--json');
  expect(Object.values(findings(reportOf(outcome)))).toEqual([
    'skipped: external',
    `skipped: redirects to ${elsewhere.url}/lost`,
  ]);
  expect(outcome.code).toBe(0);
});

test('has at most --limit requests under way', async () => {
  let most = 0;
  let held: ServerResponse[] = [];
  // Nothing is answered until three are there, and a fourth has had time to come.
  const slowly: Route = (response) => {
    held.push(response);
    most = Math.max(most, held.length);
    if (held.length !== 3) return;
    setTimeout(() => {
      const asked = held;
      held = [];
      for (const each of asked) each.end();
    }, 20);
  };
  const paths = Array.from({ length: 12 }, (_, i) => `/p${i}`);
  const { url } = await serve({
    '/': pageWith(paths),
    ...Object.fromEntries(paths.map((path) => [path, slowly])),
  });
  expect((await linkCheck(url, '--limit', '3')).code).toBe(0);
  expect(most).toBe(3);
});

test('a site that cannot be reached is itself the broken link', async () => {
  const url = `http://127.0.0.1:${await freePort()}/`;
  const outcome = await linkCheck(url, '--json', '--retries', '0');
  expect(reportOf(outcome).links).toEqual([
    {
      page: '(start)',
      link: url,
      status: 'broken',
      reason: 'connection refused',
      ms: expect.any(Number) as number,
    },
  ]);
  expect(outcome.code).toBe(1);
});

test('reports what is known when the deadline has come', async () => {
  const { url } = await serve({ '/': pageWith(['lost', 'hangs']), '/hangs': never });
  const outcome = await linkCheck(url, '--json', '--deadline', '1200', '--limit', '2');
  const report = reportOf(outcome);
  expect(report.stopped).toBe('deadline');
  expect(findings(report)).toEqual({
    lost: 'broken: 404 Not Found',
    hangs: 'unchecked: not asked in time',
  });
  expect(outcome.code).toBe(1);
  expectClean(outcome);
});

test('on Ctrl-C prints what is known, and ends by the signal', async () => {
  const { url } = await serve({
    '/': pageWith(['lost', 'good', 'hangs', 'hangs-too']),
    '/good': '',
    '/hangs': never,
    '/hangs-too': never,
  });
  const child = start(url, '--retries', '0');
  const outcome = outcomeOf(child);
  await untilSaid(child, /3 of 5/);
  child.kill('SIGINT');
  const { code, signal, out } = await outcome;
  expect({ code, signal }).toEqual({ code: null, signal: 'SIGINT' });
  expect(out).toMatch(/Stopped by SIGINT\. 4 links on 2 pages: 1 ok, 1 broken, 2 unchecked\n$/);
  expect(out).toMatch(/│ 2 links +│ unchecked/);
  expectClean(await outcome);
});

test('with --inspect the command ambit shows what it waits for', async () => {
  const { url } = await serve({ '/': pageWith(['good', 'hangs']), '/good': '', '/hangs': never });
  const home = await mkdtemp(join(tmpdir(), 'link-check-'));
  const env = { ...process.env, XDG_RUNTIME_DIR: home };
  const child = spawn(process.execPath, [program, url, '--inspect'], { cwd: root, env });
  const outcome = outcomeOf(child);
  await untilSaid(child, /2 of 3/);
  const command = join(root, 'packages/io/bin/ambit.mjs');
  const ambit = spawn(process.execPath, [command, 'tree', `${child.pid}`], { env });
  const { out } = await outcomeOf(ambit);
  expect(out).toMatch(/^link-check {2}pid \d+/m);
  expect(out).toMatch(/task http:.*\/hangs: running, .*/);
  child.kill('SIGINT');
  const { signal, err } = await outcome;
  expect(signal).toBe('SIGINT');
  expect(err).toMatch(/run `node packages\/io\/bin\/ambit\.mjs top \d+`/);
  await rm(home, { recursive: true });
}, 60_000);

// A terminal signals its whole foreground process group, and npm passes its own copy on.
test('npm start ends by Ctrl-C as the program alone does', async () => {
  const { url } = await serve({ '/': pageWith(['good', 'hangs']), '/good': '', '/hangs': never });
  const child = spawn('npm', ['start', '--', url], { cwd: root, detached: true });
  const outcome = outcomeOf(child);
  await untilSaid(child, /2 of 3/);
  process.kill(-child.pid!, 'SIGINT');
  const { code, signal, out } = await outcome;
  expect(signal ?? code).toBe(signal === null ? 130 : 'SIGINT');
  expect(out).toMatch(/Stopped by SIGINT\. 2 links on 2 pages: 1 ok, 1 unchecked\n$/);
});

test('npm start without arguments finds the links of the docs in order', async () => {
  const outcome = await outcomeOf(spawn('npm', ['start'], { cwd: root }));
  expect(outcome.out).toMatch(/README\.md +│ \d+ links +│ ok/);
  expect(outcome.out).toMatch(/docs\/index\.md +│ \d+ links +│ ok/);
  expect(outcome.out).not.toMatch(/broken/);
  expect(outcome.code).toBe(0);
});

test.each([
  [['--no-such-option']],
  [['--limit', '0']],
  [['--timeout', 'soon']],
  [['--show', 'something']],
  [['no/such/folder']],
  [['http://']],
  [['docs', 'examples']],
])('wrong usage %j: exit code 2 and a hint', async (args) => {
  const { code, out, err } = await linkCheck(...args);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toMatch(/^link-check: .*\nMore with --help\.\n$/);
});

test('--help names every option', async () => {
  const { code, out } = await linkCheck('--help');
  expect(code).toBe(0);
  for (const option of [
    'limit',
    'timeout',
    'deadline',
    'retries',
    'external',
    'show',
    'json',
    'inspect',
  ]) {
    expect(out).toMatch(new RegExp(`--(\\[no-\\])?${option}`));
  }
});

async function untilSaid(child: ChildProcess, pattern: RegExp): Promise<void> {
  let said = '';
  await new Promise<void>((resolve, reject) => {
    child.stderr!.on('data', (chunk) => {
      said += String(chunk);
      if (pattern.test(said)) resolve();
    });
    child.once('close', () => {
      reject(new Error(`ended without saying ${String(pattern)}, but: ${said}`));
    });
  });
}
