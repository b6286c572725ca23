// Clients in a process of their own, each with one connection and one request at a time, for some seconds:
//
//   node load.js <url> order|read <clients> <ms>
//
// Prints as JSON how many were answered, how many failed, and the times that they took.
import { Agent, request } from 'node:http';
import { randomUUID } from 'node:crypto';

/** What the clients saw. Times are milliseconds. */
export interface Load {
  readonly answered: number;
  readonly failed: number;
  readonly ms: number;
  readonly median: number;
  readonly p99: number;
  /** Processor time of the clients. */
  readonly cpu: number;
}

const [url = '', kind = 'order', clients = '16', duration = '4000'] = process.argv.slice(2);
const times: number[] = [];
let failed = 0;

function ask(agent: Agent): Promise<number | undefined> {
  const isOrder = kind === 'order';
  const body = isOrder ? JSON.stringify({ id: randomUUID(), item: 'lamp' }) : '';
  const headers = isOrder ? { 'content-type': 'application/json' } : {};
  const method = isOrder ? 'POST' : 'GET';
  return new Promise((resolve) => {
    const asked = request(new URL(isOrder ? '/orders' : '/orders/first', url), {
      ...{ agent, method, headers },
    });
    asked.on('error', () => resolve(undefined));
    asked.on('response', (response) => {
      response.resume().on('end', () => resolve(response.statusCode));
    });
    asked.end(body);
  });
}

async function client(end: number): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  for (let now = performance.now(); now < end;) {
    const status = await ask(agent);
    const took = performance.now() - now;
    now += took;
    if (status === 200 || status === 202) times.push(took);
    else failed += 1;
  }
  agent.destroy();
}

const began = performance.now();
const end = began + Number(duration);
await Promise.all(Array.from({ length: Number(clients) }, () => client(end)));
times.sort((a, b) => a - b);
const at = (share: number): number => times[Math.floor(times.length * share)] ?? NaN;
const ms = performance.now() - began;
const { user, system } = process.cpuUsage();
const seen = { answered: times.length, failed, ms, cpu: (user + system) / 1000 };
process.stdout.write(JSON.stringify({ ...seen, median: at(0.5), p99: at(0.99) } satisfies Load));
