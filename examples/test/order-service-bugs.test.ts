import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { until } from '../../test-servers/until.ts';
import { order, startOrderServers, startService } from './order-service.ts';
import type { OrderServers } from './order-service.ts';

// A bug in the whole service, with its libraries and real servers: each is found by the commands of docs/guides/stuck.md.

jest.setTimeout(120_000);

const execute = promisify(execFile);
const root = resolve(__dirname, '../..');
const command = join(root, 'packages/io/bin/ambit.mjs');
const page = readFileSync(join(root, 'docs/guides/stuck.md'), 'utf8');

/** What the page says that a command prints first. */
function shownFor(bug: string): string {
  const [, shown = ''] =
    new RegExp(`^\\| \`BUG=${bug}\` .*\\| \`([^\`]+)\` +\\|$`, 'm').exec(page) ?? [];
  return shown;
}

let servers: OrderServers;

beforeAll(async () => {
  servers = await startOrderServers();
});

afterAll(async () => {
  await servers.stop();
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

test.each([
  ['deadlock', 'DEADLOCK', 'tree'],
  ['stuck', 'overdue', 'tree'],
  ['busy', 'NO ANSWER', 'attach'],
])('BUG=%s is seen as %s, and found by ambit %s', async (bug, state, name) => {
  const home = mkdtempSync(join(tmpdir(), 'ambit-bugs-'));
  const env = { ...process.env, XDG_RUNTIME_DIR: home };
  const port = await freePort();
  const { url, child } = await startService(servers, {
    program: 'with-bug.js',
    flags: [`--inspect-port=${port}`],
    env: { ...env, BUG: bug },
  });
  const ended = once(child, 'exit');
  // Not by a call that blocks: the price service is in this process.
  const ambit = async (...args: readonly string[]): Promise<string[]> => {
    const { stdout } = await execute(process.execPath, [command, ...args], { env, cwd: home });
    return stdout.split('\n').map(shapeOf);
  };
  try {
    // Clients come until it shows. Most of them are not answered.
    for (let at = 0; !(await ambit('ps')).join().includes(state); at += 1) {
      for (const each of [0, 1, 2]) {
        void order(url, { id: `${bug}-${at}-${each}`, item: 'lamp' }).catch(() => undefined);
      }
    }
    const pid = String(child.pid);
    const expected = shapeOf(shownFor(bug));
    if (name === 'attach') {
      const [found, ...below] = await ambit('attach', pid, '--yes', '--port', String(port));
      expect(found).toBe(expected);
      expect(below.join()).toContain('sumUp');
    } else {
      await until(async () => (await ambit('tree', pid)).includes(expected));
      expect(await ambit('top', pid, '--count', '1')).toContain(expected);
    }
  } finally {
    child.kill('SIGKILL');
    await ended;
    rmSync(home, { recursive: true });
  }
});

/** A line without what differs from run to run: numbers, orders, and which lock, or which task, is met first. */
function shapeOf(line: string): string {
  return line
    .replaceAll(/ × \d+/g, '')
    .replaceAll(/order-[\w-]+/g, 'order')
    .replaceAll(/printer|ledger/g, 'lock')
    .replaceAll(/held by the task "[^"]+"/g, 'held by a task')
    .replaceAll(/\d+(?:\.\d+)?/g, '#')
    .replaceAll(/# (?:ms|s|min|h)\b/g, '#');
}
