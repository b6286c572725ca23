import assert from 'node:assert/strict';
import * as dgram from 'node:dgram';
import { getRunningLoop, sleep } from '@ambit/core';
import { connectTcp, listenTcp } from '@ambit/io';
import { simulate } from '@ambit/io/testing';
import type { SimulatedHost, SimulatedNetwork } from '@ambit/io/testing';

const now = (): number => getRunningLoop().now();

/** A host that reads all that comes to its port 7, and returns the instant at which it has. */
function reader(network: SimulatedNetwork): SimulatedHost {
  return network.host('reader', async () => {
    const listener = await listenTcp({ port: 7 });
    await using stream = await listener.accept();
    let received = 0;
    for await (const bytes of stream) received += bytes.length;
    return { received, at: now() };
  });
}

describe('bandwidth', () => {
  test('1 MiB takes 10.5 s at 100 bytes a millisecond', () =>
    simulate(
      async (network) => {
        const server = reader(network);
        await network.host('client').run(async () => {
          await using stream = await connectTcp({ host: 'reader', port: 7 });
          await stream.send(Buffer.alloc(1_048_576));
        });
        const { received, at } = (await server.outcome()) as { received: number; at: number };
        assert.equal(received, 1_048_576);
        assert(Math.abs(at - 10_486) < 105, String(at));
      },
      { bandwidth: 100 },
    ));

  test.each(['partition', 'hold'] as const)('is that of what waited at a %s too', (cut) =>
    simulate(
      async (network) => {
        const server = reader(network);
        const client = network.host('client');
        await client.run(async () => {
          await using stream = await connectTcp({ host: 'reader', port: 7 });
          network[cut](client, server);
          await stream.send(Buffer.alloc(50_000));
          await sleep(1000 - now());
          network.heal();
        });
        const { received, at } = (await server.outcome()) as { received: number; at: number };
        assert.equal(received, 50_000);
        assert(at >= 1500 && at < 1510, String(at));
      },
      { bandwidth: 100 },
    ),
  );

  test('is that of UDP that was held', () =>
    simulate(
      async (network) => {
        const got: number[] = [];
        const server = network.host('server');
        const client = network.host('client');
        server.run(() =>
          dgram
            .createSocket('udp4')
            .bind(53)
            .on('message', () => got.push(now())),
        );
        network.hold(client, server);
        client.run(() => {
          const socket = dgram.createSocket('udp4');
          for (let index = 0; index < 3; index += 1) socket.send(Buffer.alloc(1000), 53, 'server');
        });
        await sleep(100);
        network.heal();
        await sleep(100);
        assert.deepEqual(got, [111, 121, 131]);
      },
      { bandwidth: 100 },
    ));
});
