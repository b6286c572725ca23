import assert from 'node:assert/strict';
import * as dgram from 'node:dgram';
import * as dns from 'node:dns';
import * as net from 'node:net';
import { spawn } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvalidStateError, getRunningLoop, sleep, timeout, TimeoutError } from '@ambit/core';
import { testRun } from '@ambit/core/testing';
import { connectTcp, listenTcp, openUdp } from '@ambit/io';
import type { ByteStream } from '@ambit/io';
import { simulate, SimulatedNetwork } from '@ambit/io/testing';

const now = (): number => getRunningLoop().now();

async function echo(): Promise<void> {
  const listener = await listenTcp({ port: 7 });
  await listener.serve(async (stream) => {
    for await (const bytes of stream) await stream.send(bytes);
  });
}

async function codeOf(fn: () => Promise<unknown>): Promise<unknown> {
  const error: unknown = await fn().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return (error as { code?: unknown } | undefined)?.code;
}

describe('TCP', () => {
  test('bytes take the latency of the link', () =>
    simulate(
      async (network) => {
        network.host('server', echo);
        const client = network.host('client');
        await client.run(async () => {
          await using stream: ByteStream = await connectTcp({ host: 'server', port: 7 });
          assert.equal(now(), 20);
          await stream.send(Buffer.from('hello'));
          assert.equal(Buffer.from((await stream.receive())!).toString(), 'hello');
          assert.equal(now(), 40);
          assert.equal(client.connections, 1);
        });
      },
      { latency: 10 },
    ));

  test('nothing listens, and a name that no host has', () =>
    simulate(
      async (network) => {
        const server = network.host('server');
        const client = network.host('client');
        const connect = (host: string) => () => client.run(() => connectTcp({ host, port: 1 }));
        assert.equal(await codeOf(connect('server')), 'ECONNREFUSED');
        assert.equal(now(), 20);
        assert.equal(await codeOf(connect('nowhere')), 'ENOTFOUND');
        assert.deepEqual(
          network.events.map(({ at, what, from, to }) => [at, what, from, to]),
          [
            [0, 'start', 'server', undefined],
            [0, 'start', 'client', undefined],
            [20, 'refuse', 'client', 'server'],
          ],
        );
        network.partition(server, client);
        await assert.rejects(timeout(5000, connect('server')), TimeoutError);
        assert.equal(now(), 5020);
        assert.equal(await codeOf(connect('server')), 'ETIMEDOUT');
        assert.equal(now(), 132_020);
      },
      { latency: 10 },
    ));

  test('a connection survives a partition; its bytes wait and stay in order', () =>
    simulate(
      async (network) => {
        const server = network.host('server', echo);
        const client = network.host('client');
        await client.run(async () => {
          await using stream = await connectTcp({ host: 'server', port: 7 });
          network.partition(client, server);
          const sent = Array.from({ length: 20 }, (_, index) => `${index},`);
          for (const piece of sent) await stream.send(Buffer.from(piece));
          await sleep(60_000);
          network.heal(client);
          let text = '';
          while (text.length < sent.join('').length) {
            text += Buffer.from((await stream.receive())!).toString();
          }
          assert.equal(text, sent.join(''));
          assert(now() > 60_000 && now() < 61_000);
        });
      },
      { latency: [1, 50], runs: 5 },
    ));

  test('bandwidth, and a writer that waits for a reader', () =>
    simulate(
      async (network) => {
        let received = 0;
        const server = network.host('server', async () => {
          const listener = await listenTcp({ port: 7 });
          await using stream = await listener.accept();
          await sleep(20_000);
          for await (const bytes of stream) received += bytes.length;
          return now();
        });
        const client = network.host('client');
        let sent = 0;
        const sending = client.run(async () => {
          await using stream = await connectTcp({ host: 'server', port: 7 });
          for (let index = 0; index < 1024; index += 1, sent += 1024) {
            await stream.send(Buffer.alloc(1024));
          }
        });
        await sleep(19_000);
        assert(sent >= 65_536 && sent <= 262_144, String(sent));
        await sending;
        await server.outcome();
        assert.equal(received, 1_048_576);
        const taken = now() - 20_000;
        assert(taken > 8000 && taken < 10_600, String(taken));
      },
      { bandwidth: 100 },
    ));

  test('reset: ECONNRESET at both ends', () =>
    simulate(async (network) => {
      const server = network.host('server', async () => {
        const listener = await listenTcp({ port: 7 });
        const stream = await listener.accept();
        return codeOf(() => stream.receive());
      });
      const client = network.host('client');
      await client.run(async () => {
        const stream = await connectTcp({ host: 'server', port: 7 });
        await sleep(10);
        network.reset(client, server);
        assert.equal(await codeOf(() => stream.receive()), 'ECONNRESET');
        assert.equal(await server.outcome(), 'ECONNRESET');
      });
    }));
});

describe('hosts', () => {
  test('no code of a crashed host goes on; its port is free at the restart', () =>
    simulate(async (network) => {
      const log: string[] = [];
      const server = network.host('server', async () => {
        log.push('start');
        setTimeout(() => log.push('timer'), 50);
        try {
          await echo();
        } finally {
          log.push('finally');
        }
      });
      const client = network.host('client');
      await client.run(async () => {
        const stream = await connectTcp({ host: 'server', port: 7 });
        server.crash();
        assert.equal(await codeOf(() => stream.receive()), 'ECONNRESET');
        assert.equal(await codeOf(() => connectTcp({ host: 'server', port: 7 })), 'ECONNREFUSED');
        await assert.rejects(server.outcome(), { name: 'ClosedResourceError' });
        await sleep(100);
        assert.deepEqual(log, ['start']);
        server.restart();
        await sleep(1);
        await using again = await connectTcp({ host: 'server', port: 7 });
        await again.send(Buffer.from('x'));
        assert.equal((await again.receive())?.length, 1);
        assert.deepEqual(log, ['start', 'start']);
      });
    }));

  test('of a silent crash nobody hears', () =>
    simulate(async (network) => {
      const server = network.host('server', echo);
      const client = network.host('client');
      await client.run(async () => {
        const stream = await connectTcp({ host: 'server', port: 7 });
        server.crash({ silent: true });
        await assert.rejects(
          timeout(60_000, () => stream.receive()),
          TimeoutError,
        );
        assert.equal(await codeOf(() => connectTcp({ host: 'server', port: 7 })), 'ETIMEDOUT');
      });
    }));

  test('stop cancels main and waits; a failure that nobody asks for fails the simulation', async () => {
    const log: string[] = [];
    await simulate(async (network) => {
      const server = network.host('server', async () => {
        try {
          await echo();
        } finally {
          log.push('finally');
        }
      });
      await sleep(1);
      await server.stop();
      log.push(String(server.isUp));
    });
    assert.deepEqual(log, ['finally', 'false']);
    const failing = simulate((network) => {
      network.host('broken', () => {
        throw new Error('out of order');
      });
    });
    await assert.rejects(failing, /seed 1: out of order/);
  });

  test('what would leave the simulation throws; outside of hosts all is as before', () =>
    simulate(async (network) => {
      const host = network.host('host');
      host.run(() => {
        assert.throws(() => net.connect(join(tmpdir(), 'x.sock')), InvalidStateError);
        assert.throws(() => net.createServer().listen(join(tmpdir(), 'x.sock')), InvalidStateError);
        assert.throws(() => spawn('true'), InvalidStateError);
        assert.throws(() => {
          dns.resolve('host', () => undefined);
        }, InvalidStateError);
        assert.throws(() => dns.promises.resolve4('host'), InvalidStateError);
      });
      const server = net.createServer().listen(0, '127.0.0.1');
      await new Promise((resolve) => server.once('listening', resolve));
      assert((server.address() as net.AddressInfo).port > 0);
      await new Promise((resolve) => server.close(resolve));
      assert.equal(new Date().constructor, Date);
      const delayed = promisify(setTimeout);
      assert.equal(await delayed(1, 'value'), 'value');
    }));

  test('time and chance of a host are those of the simulation', () =>
    simulate(async (network) => {
      const draws: number[] = [];
      const host = network.host('host', async () => {
        assert.equal(new Date().toISOString(), '2026-01-01T00:00:00.000Z');
        await pause(1000);
        await promisify(setTimeout)(1000);
        await new Promise((resolve) => setTimeout(resolve, 1000));
        assert.equal(Date.now() - Date.UTC(2026, 0, 1), 3000);
        assert.equal(performance.now(), 3000);
        assert.deepEqual(process.hrtime(), [3, 0]);
        assert.equal(process.hrtime.bigint(), 3_000_000_000n);
        await new Promise((resolve) => setImmediate(resolve));
        let ticks = 0;
        const timer = setInterval(() => (ticks += 1), 10);
        await sleep(55);
        clearInterval(timer);
        assert.equal(ticks, 5);
        draws.push(Math.random());
      });
      await host.outcome();
      assert(new Date() instanceof Date);
    }));
});

test('UDP is lost by chance and by partition, and waits while held', () =>
  simulate(
    async (network) => {
      const got: string[] = [];
      const server = network.host('server', async () => {
        const socket = await openUdp({ port: 53 });
        for await (const { data } of socket) got.push(Buffer.from(data).toString());
      });
      const client = network.host('client');
      await client.run(async () => {
        const socket = dgram.createSocket('udp4');
        for (let index = 0; index < 100; index += 1) socket.send(String(index), 53, 'server');
        await sleep(100);
        assert(got.length > 20 && got.length < 60, String(got.length));
        got.length = 0;
        network.link(client, server, { loss: 0 });
        network.partition(client, server);
        socket.send('lost', 53, 'server');
        await sleep(100);
        network.heal();
        network.hold(client, server);
        socket.send('held', 53, 'server');
        await sleep(100);
        assert.deepEqual(got, []);
        network.heal();
        await sleep(100);
        assert.deepEqual(got, ['held']);
        socket.close();
      });
    },
    { loss: 0.6 },
  ));

describe('seeds', () => {
  test('one seed gives the same events; a seed that fails is named', async () => {
    const seen: unknown[] = [];
    const body = async (network: SimulatedNetwork): Promise<void> => {
      network.host('server', echo);
      const client = network.host('client');
      for (let index = 0; index < 3; index += 1) {
        await client.run(async () => {
          await using _stream = await connectTcp({ host: 'server', port: 7 });
        });
      }
      seen.push(network.events);
    };
    const options = { seed: 7, latency: [1, 100] } as const;
    await simulate(body, options);
    await simulate(body, options);
    assert.deepEqual(seen[0], seen[1]);
    const failing = simulate(
      async (network) => {
        await body(network);
        assert(network.random() < 0.9, 'unlucky');
      },
      { runs: 100, latency: 3 },
    );
    await assert.rejects(failing, (error: Error) => {
      assert.match(error.message, /^simulate: failed with seed \d+: unlucky\n/);
      assert.match(error.message, /6\.000 ms: connect client server:7/);
      assert.doesNotMatch(error.message, /not deterministic/);
      return true;
    });
  });

  test('a run that chance outside of the seed decides is said to be not deterministic', async () => {
    let runs = 0;
    const failing = simulate(async (network) => {
      network.host('server', echo);
      runs += 1;
      await sleep(runs * 10);
      await network.host('client').run(() => connectTcp({ host: 'server', port: 7 }));
      assert.fail('always');
    });
    await assert.rejects(failing, /not deterministic: first "10\.000 ms: start client", then "20/);
  });
});

test.each([
  ['bun', 'Bun'],
  ['deno', 'Deno'],
])('says at once that it does not run on %s', async (key, name) => {
  const descriptor = Object.getOwnPropertyDescriptor(process, 'versions') ?? {};
  const value = { ...process.versions, [key]: '1.0.0' };
  Object.defineProperty(process, 'versions', { ...descriptor, value });
  try {
    await assert.rejects(
      simulate(() => undefined),
      new RegExp(`SimulatedNetwork: ${name} is not supported; run it on Node`),
    );
  } finally {
    Object.defineProperty(process, 'versions', descriptor);
  }
});

test('bad input', async () => {
  await assert.rejects(simulate(1 as never), TypeError);
  await assert.rejects(
    simulate(() => undefined, { runs: 0 }),
    RangeError,
  );
  await assert.rejects(
    simulate(() => undefined, { latency: [5, 1] }),
    RangeError,
  );
  await assert.rejects(
    simulate(() => undefined, { latency: 'x' as never }),
    TypeError,
  );
  await assert.rejects(
    simulate(() => undefined, { loss: 2 }),
    RangeError,
  );
  await assert.rejects(
    simulate(() => undefined, { bandwidth: 0 }),
    RangeError,
  );
  await assert.rejects(
    simulate(() => undefined, { connectTimeout: -1 }),
    RangeError,
  );
  await assert.rejects(
    simulate(() => undefined, { date: 1 as never }),
    TypeError,
  );
  await testRun(async () => {
    await using network = new SimulatedNetwork();
    const host = network.host('a');
    assert.throws(() => network.host('a'), InvalidStateError);
    assert.throws(() => network.host(''), TypeError);
    assert.throws(() => network.host('b', 1 as never), TypeError);
    assert.throws(() => network.partition(host, {} as never), TypeError);
    assert.throws(() => network.heal([]), TypeError);
    assert.throws(() => host.run(1 as never), TypeError);
    await assert.rejects(host.outcome(), InvalidStateError);
  });
  assert.throws(() => new SimulatedNetwork());
});

test.each(['link', 'partition', 'hold', 'reset'] as const)('%s refuses no host at all', (method) =>
  simulate((network) => {
    const host = network.host('a');
    expect(() => {
      network[method](host, undefined as never, {});
    }).toThrow(`SimulatedNetwork.${method}: b is undefined, not a host of this network`);
    expect(() => {
      network[method]([host, undefined as never], host, {});
    }).toThrow('a is an array of 2, not a host of this network');
  }),
);
