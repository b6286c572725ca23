import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { startModel } from '../agent/model-server.ts';
import type { Model } from '../agent/model-server.ts';

const root = resolve(__dirname, '../..');
const dist = join(root, 'examples/dist/llm-proxy');

jest.setTimeout(120_000);

const cleanup: (() => unknown)[] = [];

beforeAll(() => {
  if (!existsSync(join(dist, 'main.js')))
    throw new Error('examples are not built; run `npm test`, or `npm run build`');
});

afterEach(async () => {
  for (const step of cleanup.splice(0).reverse()) await step();
});

async function proxy(...args: string[]): Promise<string> {
  const child = spawn(process.execPath, [join(dist, 'main.js'), '--port', '0', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  cleanup.push(() => child.kill('SIGKILL'));
  const [url] = (await once(createInterface(child.stdout), 'line')) as [string];
  return url;
}

async function modelOf(text: string): Promise<Model> {
  const model = await startModel(() => ({ text }), 1);
  cleanup.push(() => model.close());
  return model;
}

function ask(url: string, client: string, init: RequestInit = {}): Promise<Response> {
  const question = { role: 'user', content: 'q' };
  const body = JSON.stringify({ model: 'fake', max_tokens: 40, messages: [question] });
  const headers = { authorization: client, ...(init.headers as Record<string, string>) };
  return fetch(`${url}/v1/chat/completions`, { ...init, method: 'POST', body, headers });
}

test('streams what the model says, and refuses a client whose budget is spent, but no other', async () => {
  const model = await modelOf('word '.repeat(30));
  const url = await proxy('--upstream', model.url, '--tokens', '100');
  for (let at = 0; at < 3; at += 1) {
    const text = await (await ask(url, 'one')).text();
    expect(text.split('word')).toHaveLength(31);
    expect(text).toContain('[DONE]');
  }
  // 90 of 100 are spent, and an answer may cost 40.
  const refused = await ask(url, 'one');
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '3600']);
  expect((await ask(url, 'two')).status).toBe(200);
  expect(model.statistics().started).toBe(4);
});

test('refuses requests above the rate', async () => {
  const model = await modelOf('word');
  const url = await proxy('--upstream', model.url, '--requests', '2');
  const status: number[] = [];
  for (let at = 0; at < 3; at += 1) status.push((await ask(url, 'one')).status);
  expect(status).toEqual([200, 200, 429]);
  expect(model.statistics().started).toBe(2);
});

test('hands the deadline of a client on, and keeps it', async () => {
  const told: unknown[] = [];
  const upstream = createServer((request) => told.push(request.headers['x-timeout-ms']));
  upstream.listen(0, '127.0.0.1');
  await once(upstream, 'listening');
  cleanup.push(() => {
    upstream.close();
    upstream.closeAllConnections();
  });
  const { port } = upstream.address() as AddressInfo;
  const url = await proxy('--upstream', `http://127.0.0.1:${port}`);
  const { status } = await ask(url, 'one', { headers: { 'x-timeout-ms': '3000' } });
  expect(status).toBe(504);
  expect(told).toHaveLength(1);
  expect(Number(told[0])).toBeGreaterThan(0);
  expect(Number(told[0])).toBeLessThanOrEqual(3000);
});

test('without an upstream, it has a model of its own', async () => {
  const response = await ask(await proxy(), 'one');
  expect(await response.text()).toContain('stream ');
});

test('the counts are those of the guide', () => {
  const program = join(dist, 'counts.js');
  const { stdout, stderr, status } = spawnSync(process.execPath, [program], { encoding: 'utf8' });
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  const guide = readFileSync(join(root, 'docs/guides/llm-proxy.md'), 'utf8');
  const rowsOf = (text: string): string[] =>
    text
      .split('\n')
      .filter((line) => line.startsWith('| of '))
      .map((line) => line.replaceAll(/ +/g, ' '));
  expect(rowsOf(stdout)).toEqual(rowsOf(guide));
});
