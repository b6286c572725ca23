import assert from 'node:assert/strict';
import * as dgram from 'node:dgram';
import * as http from 'node:http';
import type { Socket } from 'node:net';
import { getRunningLoop, sleep, taskGroup, timeout } from '@ambit/core';
import { connectTcp, listenTcp, serveHttp } from '@ambit/io';
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
        assert(Math.abs(at - 10_500) < 105, String(at));
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

test('a server closes an idle connection after its time, by the clock of the simulation', () =>
  simulate(async (network) => {
    const api = network.host('api', () =>
      serveHttp((_request, response) => void response.end('hi'), { port: 80 }),
    );
    let closed = 0;
    await network.host('client').run(async () => {
      const agent = new http.Agent({ keepAlive: true });
      agent.on('free', (socket: Socket) => socket.once('close', () => (closed = now())));
      const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
        http.get({ host: 'api', agent }, resolve).on('error', reject);
      });
      response.resume();
      await sleep(6002 - now());
      assert.deepEqual([api.connections, closed], [1, 0]);
      await sleep(10);
    });
    // At 6003: answered at 3, Node's 5 s, and the second that it adds. The client hears of it later.
    assert.deepEqual([api.connections, closed], [0, 6004]);
  }));

test('of five handlers, those that ended before a crash run their cleanup', () =>
  simulate(
    async (network) => {
      let cleanups = 0;
      const api = network.host('api', async () => {
        const listener = await listenTcp({ port: 1 });
        await listener.serve(async (stream) => {
          try {
            await stream.receive();
            await sleep(1000);
            await stream.send('late');
          } finally {
            cleanups += 1;
          }
        });
      });
      const client = network.host('client');
      const ask = async (): Promise<string> => {
        await using stream = await connectTcp({ host: 'api', port: 1 });
        await stream.send('x');
        return String(Buffer.from((await stream.receive()) ?? []));
      };
      const faults: Record<string, () => void> = {
        nothing: () => undefined,
        reset: () => {
          network.reset(api, client);
        },
        crash: () => {
          api.crash();
        },
        'another crash': () => {
          api.crash();
        },
        'a silent crash': () => {
          api.crash({ silent: true });
        },
      };
      const seen: string[] = [];
      for (const [name, act] of Object.entries(faults)) {
        if (!api.isUp) api.restart();
        const began = now();
        await taskGroup(async (group) => {
          group.spawn(() => sleep(500).then(act), { daemon: true });
          const answer = await client.run(() => timeout(20_000, ask)).catch(codeOf);
          seen.push(`${name}: ${answer} after ${now() - began}`);
        });
        await sleep(2000);
      }
      assert.deepEqual(seen, [
        'nothing: late after 1020',
        'reset: ECONNRESET after 500',
        'crash: ECONNRESET after 505',
        'another crash: ECONNRESET after 505',
        'a silent crash: TimeoutError after 20000',
      ]);
      assert.equal(cleanups, 2);
    },
    { latency: 5 },
  ));

function codeOf(error: unknown): string {
  const { code, name } = error as NodeJS.ErrnoException;
  return code ?? name;
}
