import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import * as https from 'node:https';
import { getRunningLoop, sleep, sleepForever } from '@ambit/core';
import { serveHttp } from '@ambit/io';
import { simulate } from '@ambit/io/testing';
import type { SimulatedHost, SimulatedNetwork } from '@ambit/io/testing';
import { makeCertificate } from '../support/certificate.ts';

const now = (): number => getRunningLoop().now();

const answer = (): Promise<void> =>
  serveHttp((_request, response) => void response.end('hi'), { port: 80 });

const ask = async (init?: RequestInit): Promise<unknown> =>
  (await fetch('http://api/', init)).text();

function machines(network: SimulatedNetwork): { api: SimulatedHost; client: SimulatedHost } {
  return { api: network.host('api', answer), client: network.host('client') };
}

test('fetch asks on a connection no more shortly before the server closes it', () =>
  simulate(
    async (network) => {
      const { client } = machines(network);
      await client.run(async () => {
        // A server of Node's says 5 s, and closes after 6.
        for (const idle of [2980, 2990, 3000, 3010, 5990, 5995, 6000, 6010]) {
          await ask();
          await sleep(idle);
          assert.equal(await ask(), 'hi', `after ${String(idle)} ms`);
          await sleep(10_000);
        }
      });
    },
    { latency: 5 },
  ));

test('fetch keeps a connection for 2 s less than the server does', () =>
  simulate(async (network) => {
    const { api, client } = machines(network);
    await client.run(async () => {
      await ask();
      await sleep(2990);
      assert.equal(api.connections, 1);
      await sleep(20);
      assert.equal(api.connections, 0);
    });
  }));

test('fetch keeps no connection of a request that was given up before it was there', () =>
  simulate(
    async (network) => {
      const { api, client } = machines(network);
      await client.run(async () => {
        const controller = new AbortController();
        const asked = ask({ signal: controller.signal });
        await sleep(1);
        controller.abort();
        await assert.rejects(asked, { name: 'AbortError' });
        await sleep(20);
        assert.deepEqual([api.connections, client.connections], [0, 0]);
      });
    },
    { latency: 5 },
  ));

test('a server of https closes an idle connection after its time, by the clock of the simulation', () =>
  simulate(
    async (network) => {
      const { key, cert } = makeCertificate(['server']);
      network.host('server', async () => {
        https.createServer({ key, cert }, (_request, response) => response.end('hi')).listen(443);
        await sleepForever();
      });
      await network.host('client').run(async () => {
        const agent = new https.Agent({ keepAlive: true, ca: cert });
        const request = https.get('https://server/', { agent });
        const [response] = (await once(request, 'response')) as [IncomingMessage];
        const { socket } = response.resume();
        const begun = now();
        await once(socket, 'close');
        // Node's 5 s, and the second that it adds.
        assert.equal(Math.round((now() - begun) / 1000), 6);
      });
    },
    { date: new Date() },
  ));
