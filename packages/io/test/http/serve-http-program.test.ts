import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { RawClient } from '../support/http-parts.ts';

/** A server in a process of its own. */
async function program(grace: number) {
  const path = join(__dirname, '../fixtures', 'server.mjs');
  const child: ChildProcess = spawn(process.execPath, [path, String(grace)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stderr = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const lines = createInterface(child.stdout!)[Symbol.asyncIterator]();
  const nextLine = async (): Promise<string> => {
    const line = await lines.next();
    if (line.done === true) throw new Error(`the program has ended: ${stderr}`);
    return line.value;
  };
  const closed = once(child, 'close');
  return {
    port: Number(await nextLine()),
    kill: () => child.kill('SIGTERM'),
    /** How it ended, and what it had begun to answer. */
    end: async () => {
      const accepted = (await nextLine()).split(' ').filter((url) => url !== '');
      const [code, signal] = (await closed) as [number | null, string | null];
      return { end: signal ?? code, accepted, stderr };
    },
    [Symbol.dispose]: () => void child.kill('SIGKILL'),
  };
}

/** What became of the requests of so many clients, in the end. */
async function load(port: number, clients: number): Promise<Record<string, string[]>> {
  const path = join(__dirname, '../fixtures', 'load.mjs');
  const child = spawn(process.execPath, [path, String(port), String(clients)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  await once(child, 'close');
  return JSON.parse(out) as Record<string, string[]>;
}

test('under load, a program that is told to stop answers what it has begun, refuses the rest, and ends by the signal', async () => {
  using server = await program(10_000);
  using idle = new RawClient(server.port).get('/idle');
  await idle.receives('answered /idle');
  const running = load(server.port, 32);
  await new Promise((wake) => setTimeout(wake, 1200));
  const start = performance.now();
  server.kill();
  const { end, accepted, stderr } = await server.end();
  const time = performance.now() - start;
  const { answered, refused, cut, told } = await running;
  await idle.closed();

  expect([end, stderr]).toEqual(['SIGTERM', '']);
  expect(time).toBeLessThan(5000);
  expect(accepted.length).toBeGreaterThan(20);
  // Lost: begun, and not answered.
  const begun = accepted.filter((path) => path !== '/idle');
  const whole = new Set(answered);
  expect(begun.filter((path) => !whole.has(path))).toEqual([]);
  expect(cut).toEqual([]);
  expect(whole.size).toBe(begun.length);
  expect(refused).not.toEqual([]);
  expect(told).not.toEqual([]);
});

test('a program ends by the signal when the grace is over, also with those who never leave', async () => {
  using server = await program(150);
  using events = new RawClient(server.port).get('/events');
  await events.receives('data: 0');
  const start = performance.now();
  server.kill();
  expect(await server.end()).toEqual({ end: 'SIGTERM', accepted: ['/events'], stderr: '' });
  expect(performance.now() - start).toBeGreaterThan(149);
  await events.closed();
});
