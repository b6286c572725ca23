import assert from 'node:assert/strict';
import * as http from 'node:http';
import * as undici from 'undici';
import { getRunningLoop, sleep, sleepForever, waitFor } from '@ambit/core';
import { simulate } from '@ambit/io/testing';
import { KINDS } from './client-kinds.ts';
import type { Kind } from './client-kinds.ts';

interface Noted {
  readonly at: number;
  readonly what: string;
}

const now = (): number => getRunningLoop().now();

/** A client's day: it connects and works, is cut off, loses its server, and finds it again. */
async function day({ serve, connect }: Kind, seed: number): Promise<Noted[]> {
  const log: Noted[] = [];
  const note = (what: string): void => {
    log.push({ at: now(), what });
  };
  await simulate(
    async (network) => {
      const server = network.host('server', async () => {
        await serve();
        await sleepForever();
      });
      const host = network.host('client');
      await host.run(async () => {
        const client = connect(note);
        const ask = async (): Promise<void> => {
          const answer = await waitFor(client.ask(), 3000).catch(told);
          note(answer);
        };
        await sleep(100);
        note('works:');
        await ask();
        network.partition(host, server);
        note('cut off:');
        await ask();
        network.heal();
        await sleep(1000);
        note('healed:');
        await ask();
        server.crash();
        note('crashed:');
        await ask();
        server.restart();
        await sleep(5000);
        note('restarted:');
        await ask();
        await client.close();
      });
    },
    { seed, latency: [1, 20] },
  );
  return log;
}

function told(error: unknown): string {
  const { cause, code, name } = error as Error & { readonly code?: string };
  if (name === 'TimeoutError') return 'no answer';
  return (cause as { readonly code?: string } | undefined)?.code ?? code ?? name;
}

/** What a client said in one part of its day. */
function saidWhen(log: readonly Noted[], part: string): string[] {
  const said = log.map(({ what }) => what);
  const rest = said.slice(said.indexOf(`${part}:`) + 1);
  const end = rest.findIndex((what) => what.endsWith(':'));
  return end < 0 ? rest : rest.slice(0, end);
}

test.each(Object.entries(KINDS))('%s works, and sees a partition and a crash', async (_, kind) => {
  const log = await day(kind, 7);
  for (const part of ['works', 'healed', 'restarted']) {
    assert(saidWhen(log, part).includes(kind.answer), `${part}: ${saidWhen(log, part).join()}`);
  }
  assert(saidWhen(log, 'cut off').includes('no answer'));
  const crashed = new Set(saidWhen(log, 'crashed'));
  assert.deepEqual([...crashed], kind.crash);
  // By the seed alone.
  assert.deepEqual(await day(kind, 7), log);
  assert.notDeepEqual(await day(kind, 8), log);
});

test('hosts share no connection by an agent or a dispatcher of the whole process', () =>
  simulate(async (network) => {
    const server = network.host('server', () => {
      http
        .createServer((request, response) => response.end(request.socket.remoteAddress))
        .listen(80);
      return sleepForever();
    });
    const [a, b] = [network.host('a'), network.host('b')];
    const asking = {
      agent: KINDS['node:http by its global agent']?.connect(() => undefined),
      dispatcher: KINDS['undici by its global dispatcher']?.connect(() => undefined),
    };
    for (const [name, client] of Object.entries(asking)) {
      assert(client !== undefined);
      for (const host of [a, b]) {
        assert.match(await host.run(() => client.ask()), new RegExp(`${host.address}$`), name);
      }
    }
    assert.equal(server.connections, 4);
    // A process that begins anew has none of its connections.
    a.restart();
    await sleep(10);
    assert.equal(server.connections, 2);
    const answer = await a.run(() => waitFor(asking.agent!.ask(), 1000));
    assert.match(answer, new RegExp(`${a.address}$`));
  }));

test("undici's time limits of over a second pass by the real clock, as those of node:http", async () => {
  const failures: string[] = [];
  for (let run = 0; run < 2; run += 1) {
    await simulate(async (network) => {
      const [server, client] = [network.host('server'), network.host('client')];
      network.partition(server, client);
      await client.run(async () => {
        await undici.request('http://server/').catch((error: unknown) => {
          failures.push(`${told(error)} ${now()}`);
        });
      });
    });
  }
  assert.deepEqual(failures, ['ETIMEDOUT 127000', 'ETIMEDOUT 127000']);
});
