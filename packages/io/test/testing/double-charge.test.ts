import assert from 'node:assert/strict';
import { retry, sleep, timeout } from '@ambit/core';
import { fetch, serveHttp } from '@ambit/io';
import { simulate } from '@ambit/io/testing';
import type { SimulatedNetwork } from '@ambit/io/testing';

/** A shop whose payments are repeated when the answer is late. */
async function world(network: SimulatedNetwork, isIdempotent: boolean): Promise<void> {
  const charges: string[] = [];
  const bank = network.host('bank', () =>
    serveHttp(
      async (request, response) => {
        const id = request.url ?? '';
        await sleep(5);
        if (!isIdempotent || !charges.includes(id)) charges.push(id);
        response.end('ok');
      },
      { port: 80 },
    ),
  );
  const shop = network.host('shop', async () => {
    for (let order = 0; order < 5; order += 1) {
      const pay = async (): Promise<void> => {
        const response = await fetch(`http://bank/${order}`, { method: 'POST' });
        await response.text();
      };
      await retry(() => timeout(300, pay), { attempts: 10, delay: 100 });
      await sleep(200);
    }
  });
  for (let storm = 0; storm < 2; storm += 1) {
    await sleep(network.random() * 1000);
    network.partition(shop, bank);
    await sleep(network.random() * 600);
    network.heal();
  }
  await shop.outcome();
  assert.equal(charges.length, 5, `charged ${charges.join(' ')}`);
}

test('a payment repeated after its answer was lost is charged twice: the same seed finds it again', async () => {
  const search = (seed: number, runs: number): Promise<string> =>
    simulate((network) => world(network, false), { seed, runs, latency: [1, 20] }).then(
      () => '',
      (error: unknown) => (error as Error).message,
    );
  const found = await search(1, 60);
  const seed = Number(/failed with seed (\d+): charged/.exec(found)?.[1]);
  assert(seed >= 1 && seed <= 60, found);
  assert.doesNotMatch(found, /not deterministic/);
  assert.equal(await search(seed, 1), found);
});

test('with an idempotency key no seed finds it', () =>
  simulate((network) => world(network, true), { runs: 30, latency: [1, 20] }));
