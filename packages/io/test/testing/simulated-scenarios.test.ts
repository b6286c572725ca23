// Services of several hosts for minutes of virtual time, with what a network does to them.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { any, gather, getRunningLoop, retry, sleep, taskGroup, timeout } from '@ambit/core';
import type { TaskGroup } from '@ambit/core';
import { cancelEverywhere, everyOrder } from '@ambit/core/testing';
import { bufferedReader, connectTcp, fetch, listenTcp, openUdp, pipe, serveHttp } from '@ambit/io';
import { simulate, SimulatedNetwork } from '@ambit/io/testing';
import type { NetworkEvent, SimulatedHost } from '@ambit/io/testing';

const now = (): number => getRunningLoop().now();

/** Asks two replicas, the second one after 200 ms, each time for 1.5 s at most, until one answers. */
function ask(path: string): Promise<string> {
  const hedged = (): Promise<string> =>
    any(
      ['replica1', 'replica2'].map((host) => async () => {
        const response = await fetch(`http://${host}${path}`);
        if (!response.ok) throw new Error(`${host}: ${response.status}`);
        return response.text();
      }),
      { stagger: 200 },
    );
  const options = { attempts: 20, delay: 500, maxDelay: 10_000, jitter: 'none' } as const;
  return retry(() => timeout(1500, hedged), options);
}

function replica(network: SimulatedNetwork, name: string): SimulatedHost {
  return network.host(name, () =>
    serveHttp((request, response) => void response.end(`${name} ${request.url}`), { port: 80 }),
  );
}

interface Answer {
  readonly text: string;
  readonly at: number;
  readonly took: number;
}

async function askEvery10s(user: SimulatedHost, until: number): Promise<Answer[]> {
  const answers: Answer[] = [];
  await user.run(async () => {
    for (let index = 0; now() < until; index += 1) {
      const at = now();
      const text = await ask(`/${index}`);
      answers.push({ text, at, took: now() - at });
      await sleep(10_000);
    }
  });
  return answers;
}

interface Outcome {
  readonly answers: readonly Answer[];
  readonly events: readonly NetworkEvent[];
}

/** Of ten minutes: one of two replicas is cut off after a minute, both after two, none after three. */
async function hedging(seed: number, until = 600_000): Promise<Outcome> {
  let outcome: Outcome | undefined;
  const storm = async (network: SimulatedNetwork, group: TaskGroup): Promise<void> => {
    const [first, second] = [replica(network, 'replica1'), replica(network, 'replica2')];
    const user = network.host('user');
    group.spawn(async () => {
      await sleep(60_000);
      network.partition(user, first);
      await sleep(60_000);
      network.partition(user, second);
      await sleep(60_000);
      network.heal();
    });
    outcome = { answers: await askEvery10s(user, until), events: [...network.events] };
  };
  await simulate(storm, { seed, latency: [5, 60], limit: 20_000 });
  assert(outcome !== undefined);
  return outcome;
}

describe('two replicas, hedged, with a time limit and retries, for ten minutes', () => {
  test('each request is answered, late only while nobody can be reached', async () => {
    const began = performance.now();
    const { answers } = await hedging(1);
    // 135 to 350 ms on a quiet machine.
    assert(performance.now() - began < 4000);
    assert(answers.length > 50, String(answers.length));
    answers.forEach(({ text }, index) => assert.match(text, new RegExp(`^replica[12] /${index}$`)));
    for (const { at, took } of answers) {
      const isAlone = at >= 60_000 && at < 120_000;
      const isCut = at >= 110_000 && at < 180_000;
      if (!isCut) assert(took < (isAlone ? 700 : 300), `${took} ms at ${at}`);
    }
    assert(answers.some(({ took }) => took > 40_000));
    const alone = answers.filter(({ at }) => at > 61_000 && at < 110_000);
    assert(alone.every(({ text }) => text.startsWith('replica2')));
  });

  test('a seed gives the same events, also on a busy machine', async () => {
    const first = await hedging(2, 150_000);
    assert.deepEqual(await hedging(2, 150_000), first);
    assert.notDeepEqual(await hedging(3, 150_000), first);
    const busy = [1, 2].map(() => spawn(process.execPath, ['-e', 'for (;;);']));
    const timer = setInterval(spin, 10);
    try {
      assert.deepEqual(await hedging(2, 150_000), first);
    } finally {
      clearInterval(timer);
      for (const each of busy) each.kill('SIGKILL');
    }
  });
});

/** Turns of the real loop that come late. */
function spin(): void {
  const until = performance.now() + 3;
  while (performance.now() < until);
}

/** The same through a gateway, with crashes, a silent one, and a link that is held. */
async function gateway(seed: number): Promise<{ outcomes: string[]; events: NetworkEvent[] }> {
  const outcomes: string[] = [];
  let events: NetworkEvent[] = [];
  const weather = async (network: SimulatedNetwork): Promise<void> => {
    const hosts = [replica(network, 'replica1'), replica(network, 'replica2')] as const;
    const middle = network.host('gateway', () =>
      serveHttp(async (request, response) => void response.end(await ask(request.url ?? '')), {
        port: 8080,
        onError: () => undefined,
      }),
    );
    const user = network.host('user');
    await taskGroup(async (group) => {
      group.spawn(() => stormAround(network, { hosts, middle, user }), { daemon: true });
      await user.run(async () => {
        for (let index = 0; now() < 600_000; index += 1) {
          outcomes.push(await outcomeOf(index));
          await sleep(2000);
        }
      });
    });
    events = [...network.events];
  };
  await simulate(weather, { seed, latency: [5, 60], limit: 20_000 });
  return { outcomes, events };
}

async function stormAround(
  network: SimulatedNetwork,
  {
    hosts: [first, second],
    middle,
    user,
  }: {
    readonly hosts: readonly [SimulatedHost, SimulatedHost];
    readonly middle: SimulatedHost;
    readonly user: SimulatedHost;
  },
): Promise<void> {
  const acts: [after: number, act: () => void][] = [
    [60_000, () => network.partition(middle, first)],
    [60_000, () => network.partition(middle, second)],
    [30_000, () => network.heal(middle, second)],
    [60_000, () => second.crash()],
    [10_000, () => network.heal(middle, first)],
    [60_000, () => second.restart()],
    [60_000, () => network.hold(user, middle)],
    [20_000, () => network.heal(user, middle)],
    [60_000, () => first.crash({ silent: true })],
    [60_000, () => first.restart()],
  ];
  for (const [after, act] of acts) {
    await sleep(after);
    act();
  }
}

async function outcomeOf(index: number): Promise<string> {
  const began = now();
  const request = async (): Promise<string> => {
    const response = await fetch(`http://gateway:8080/${index}`);
    return `${response.status} ${await response.text()}`;
  };
  const answer = await timeout(30_000, request).catch((error: unknown) => (error as Error).name);
  return `${answer} at ${began} after ${now() - began}`;
}

test('a gateway before them, with crashes and a link that is held: its seed decides all of it', async () => {
  const { outcomes, events } = await gateway(1);
  const isGood = (outcome: string): boolean => /^200 replica[12] /u.test(outcome);
  assert(outcomes.filter(isGood).length > outcomes.length * 0.9, `of ${outcomes.length}`);
  // Both were away for 30 s, and a server gave up a connection that was held.
  const rest = outcomes.filter((outcome) => !isGood(outcome));
  assert.deepEqual(
    rest.map((outcome) => outcome.replace(/ at .*/u, '')),
    ['TimeoutError', 'TypeError'],
  );
  const counts = ['crash', 'start', 'partition', 'hold', 'heal'].map(
    (what) => events.filter((event) => event.what === what).length,
  );
  assert.deepEqual(counts, [2, 6, 2, 1, 3]);
  assert.deepEqual(await gateway(1), { outcomes, events });
});

test('every order of packets finds a lost update', async () => {
  const twoClients = async (): Promise<void> => {
    await using network = new SimulatedNetwork({ latency: 5 });
    let value = 0;
    network.host('counter', async () => {
      const listener = await listenTcp({ port: 1 });
      await listener.serve(async (stream) => {
        const reader = bufferedReader(stream);
        for (;;) {
          const line = await reader.readLine();
          if (line === undefined) return;
          if (line !== 'get') value = Number(line);
          await stream.send(`${value}\n`);
        }
      });
    });
    const client = (name: string, after: number) => () =>
      network.host(name).run(async () => {
        await sleep(after);
        await using stream = await connectTcp({ host: 'counter', port: 1 });
        const reader = bufferedReader(stream);
        await stream.send('get\n');
        const seen = Number(await reader.readLine());
        await stream.send(`${seen + 1}\n`);
        await reader.readLine();
      });
    await gather([client('a', 0), client('b', 10)]);
    assert.equal(value, 2, 'an update is lost');
  };
  await assert.rejects(everyOrder(twoClients, { time: 8000, limit: 3000 }), /an update is lost/);
});

describe('a cancellation at every checkpoint of networked code', () => {
  async function talk(network: SimulatedNetwork): Promise<void> {
    const listener = await listenTcp({ port: 1 });
    await listener.serve((stream) => pipe(stream, stream), { onError: () => undefined });
    assert(network.events.length > 0);
  }

  test('a connection of a group is closed', async () => {
    const { isComplete, checkpoints } = await cancelEverywhere(async (attempt) => {
      await using network = new SimulatedNetwork({ latency: 5 });
      const server = network.host('server', () => talk(network));
      const client = network.host('client');
      await client.run(() =>
        attempt(() =>
          taskGroup(async () => {
            const stream = await connectTcp({ host: 'server', port: 1 });
            await stream.send('x');
            await stream.receive();
          }),
        ),
      );
      await sleep(100);
      assert.deepEqual([client.connections, server.connections], [0, 0]);
    });
    assert(isComplete && checkpoints > 3);
  });

  test('one that is guarded too late leaks, and is found', async () => {
    const late = cancelEverywhere(async (attempt) => {
      await using network = new SimulatedNetwork({ latency: 5 });
      network.host('server', () => talk(network));
      const client = network.host('client');
      await client.run(() =>
        attempt(async () => {
          const stream = await connectTcp({ host: 'server', port: 1 });
          await stream.send('x');
          try {
            await stream.receive();
          } finally {
            stream.destroy();
          }
        }),
      );
      await sleep(100);
      assert.equal(client.connections, 0, 'a connection leaks');
    });
    await assert.rejects(late, /a connection leaks[^]*simulated-scenarios\.test\.ts/);
  });

  test('hedged requests leave no handler behind, and UDP no socket', async () => {
    let inside = 0;
    const { isComplete } = await cancelEverywhere(async (attempt) => {
      await using network = new SimulatedNetwork({ latency: 5 });
      for (const name of ['replica1', 'replica2']) {
        network.host(name, () =>
          serveHttp(
            async (_request, response) => {
              inside += 1;
              try {
                await sleep(50);
                response.end('hi');
              } finally {
                inside -= 1;
              }
            },
            { port: 80 },
          ),
        );
      }
      network.host('echo', async () => {
        await using socket = await openUdp({ port: 5 });
        for await (const { data, port, host } of socket) await socket.send(data, port, host);
      });
      await network.host('client').run(() =>
        attempt(async () => {
          assert.equal(await ask('/'), 'hi');
          await using socket = await openUdp({ remote: { host: 'echo', port: 5 } });
          await socket.send('x');
          await socket.receive();
        }),
      );
      await sleep(300);
      assert.equal(inside, 0, 'handlers still run');
    });
    assert(isComplete);
  });
});
