// #region shop
import { retry, sleep, timeout } from '@ambit/core';
import { fetch } from '@ambit/io';

async function shop(): Promise<void> {
  for (let order = 1; order <= 5; order += 1) {
    const pay = async (): Promise<void> => {
      const response = await fetch(`http://bank/orders/${order}`, { method: 'POST' });
      await response.text();
    };
    await retry(() => timeout(300, pay), { attempts: 10, delay: 100 });
    await sleep(200);
  }
}
// #endregion shop

// #region test
import assert from 'node:assert/strict';
import { serveHttp } from '@ambit/io';
import { simulate } from '@ambit/io/testing';
import type { SimulatedNetwork } from '@ambit/io/testing';

async function twoStorms(network: SimulatedNetwork): Promise<void> {
  const charges: string[] = [];
  const bank = network.host('bank', () =>
    serveHttp(
      async (request, response) => {
        await sleep(5);
        charges.push(request.url ?? '');
        response.end('paid');
      },
      { port: 80 },
    ),
  );
  const client = network.host('shop', shop);
  for (let storm = 0; storm < 2; storm += 1) {
    await sleep(network.random() * 1000);
    network.partition(client, bank);
    await sleep(network.random() * 600);
    network.heal();
  }
  await client.outcome();
  assert.ok(charges.length === 5, `${charges.length} charges for 5 orders`);
}

const failure = await simulate(twoStorms, { runs: 100, latency: [1, 20] }).then(
  () => 'no failure',
  (error: unknown) => (error as Error).message,
);
console.log(failure);
// #endregion test
