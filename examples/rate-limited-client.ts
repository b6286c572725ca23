// A client of an API that allows 50 requests in a second, answers some with an error, and some not at all.
//
//   npm run example -- rate-limited-client
//
// Each attempt is a request and takes its own permit. The time limit begins after the permit, because waiting for a permit is not the
// fault of the server. Four items are processed at a time.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  concurrentMap,
  defineResource,
  getRunningLoop,
  retry,
  run,
  timeout,
  use,
} from '@ambit/core';
import { RateLimiter } from '@ambit/sync';

const limiter = new RateLimiter({ permits: 50, per: 1000, burst: 2, name: 'api' });
const wanted = ['apple', 'bread', 'cheese', 'dill', 'egg', 'fig'];

function main(): Promise<void> {
  return use(priceServer(), async ({ url, requests }) => {
    const started = getRunningLoop().now();
    const prices = await concurrentMap(wanted, (item) => priceOf(url, item), { limit: 4 });
    const passed = getRunningLoop().now() - started;

    prices.forEach((price, index) => console.log(`${wanted[index] ?? ''}: ${price}`));
    const inAll = [...requests.values()].reduce((sum, count) => sum + count);
    console.log(`${inAll} requests; bread took ${requests.get('bread') ?? 0}`);
    console.log(`no faster than allowed: ${passed >= (inAll - 2) * 20 ? 'yes' : 'no'}`);
  });
}

function priceOf(url: string, item: string): Promise<string> {
  return retry(
    async () => {
      await limiter.acquire();
      return timeout(1000, ({ signal }) => ask(`${url}/${item}`, signal));
    },
    { attempts: 4, delay: 20, when: (error) => !(error instanceof NoSuchItem) },
  ).catch((error: unknown) => {
    if (error instanceof NoSuchItem) return 'not sold here';
    throw error;
  });
}

class NoSuchItem extends Error {}

async function ask(url: string, signal: AbortSignal): Promise<string> {
  const response = await fetch(url, { signal });
  const text = await response.text();
  if (response.status === 404) throw new NoSuchItem(url);
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
  return text;
}

/** Bread fails twice, cheese is never answered the first time, dill is not sold. */
const priceServer = defineResource(async function* () {
  const requests = new Map<string, number>();
  const server = createServer((request, response) => {
    const item = request.url?.slice(1) ?? '';
    const count = (requests.get(item) ?? 0) + 1;
    requests.set(item, count);
    if (item === 'cheese' && count === 1) return;
    if (item === 'bread' && count <= 2) response.writeHead(503).end();
    else if (item === 'dill') response.writeHead(404).end();
    else response.end(`${item.length} coins`);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    yield { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
  } finally {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  }
});

await run(main);
