import assert from 'node:assert/strict';
import { once } from 'node:events';
import * as http from 'node:http';
import * as https from 'node:https';
import * as tls from 'node:tls';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import express from 'express';
import fastify from 'fastify';
import { Redis } from 'ioredis';
import pg from 'pg';
import { createClient } from 'redis';
import { InvalidStateError, getRunningLoop, sleep, sleepForever, taskGroup } from '@ambit/core';
import { connectTcp, fetch, listenTcp, serveHttp } from '@ambit/io';
import { simulate } from '@ambit/io/testing';
import { makeCertificate } from '../support/certificate.ts';
import { servePostgres, serveRedis } from './mini-servers.ts';

const now = (): number => getRunningLoop().now();

async function hello(): Promise<void> {
  await serveHttp(
    async (request, response) => {
      let body = '';
      for await (const chunk of request) body += String(chunk);
      if (request.url === '/away') response.writeHead(302, { location: '/here' }).end();
      else response.end(`${request.method ?? ''} ${request.url ?? ''} ${body}`);
    },
    { port: 80 },
  );
}

async function text(url: string, init?: RequestInit): Promise<string> {
  const response = await fetch(url, init);
  return response.text();
}

test('fetch: redirects, bodies, a connection that is used again and closes at its time', () =>
  simulate(
    async (network) => {
      const api = network.host('api', hello);
      const client = network.host('client');
      await client.run(async () => {
        assert.equal(await text('http://api/x'), 'GET /x ');
        assert.equal(await text('http://api/y', { method: 'POST', body: 'z' }), 'POST /y z');
        assert.equal(await text('http://api/away'), 'GET /here ');
        const connects = network.events.filter(({ what }) => what === 'connect');
        assert.equal(connects.length, 1);
        assert.equal(api.connections, 1);
        await sleep(7000);
        assert.equal(api.connections, 0);
        network.partition(client, api);
        await assert.rejects(text('http://api/', { signal: AbortSignal.timeout(50) }));
      });
    },
    { latency: 5 },
  ));

test('http.request, an agent of its own, and a server of node:http', () =>
  simulate(async (network) => {
    network.host('api', () => {
      http.createServer((_request, response) => response.end('plain')).listen(8080);
      return sleep(10_000);
    });
    await network.host('client').run(async () => {
      const answer = await new Promise<string>((resolve, reject) => {
        http
          .get('http://api:8080/', { agent: new http.Agent() }, (response) => {
            let body = '';
            response.on('data', (chunk) => (body += String(chunk)));
            response.on('end', () => {
              resolve(body);
            });
          })
          .on('error', reject);
      });
      assert.equal(answer, 'plain');
      assert(now() > 0 && now() < 20);
    });
  }));

test('express and fastify', () =>
  simulate(async (network) => {
    network.host('express', async () => {
      const app = express();
      app.get('/hello/:name', (request, response) => {
        response.json({ hello: request.params.name });
      });
      app.listen(80);
      await sleep(60_000);
    });
    network.host('fastify', async () => {
      const app = fastify();
      app.get('/hello', () => ({ hello: 'fastify' }));
      await app.listen({ port: 80, host: '0.0.0.0' });
      await sleep(60_000);
    });
    await network.host('client').run(async () => {
      await sleep(100);
      assert.equal(await text('http://express/hello/you'), '{"hello":"you"}');
      assert.equal(await text('http://fastify/hello'), '{"hello":"fastify"}');
    });
  }));

test('ioredis and node-redis connect again after a crash, in virtual time', () =>
  simulate(async (network) => {
    const server = network.host('redis', () => {
      serveRedis();
      return sleep(3_600_000);
    });
    await network.host('client').run(async () => {
      const io = new Redis({ host: 'redis', maxRetriesPerRequest: null });
      const node = createClient({ url: 'redis://redis:6379' });
      for (const client of [io, node]) client.on('error', () => undefined);
      await node.connect();
      assert.equal(await io.set('a', '1'), 'OK');
      assert.equal(await node.get('a'), '1');
      server.crash();
      const queued = io.set('a', '2');
      await sleep(30_000);
      server.restart();
      assert.equal(await queued, 'OK');
      assert.equal(await node.get('a'), '2');
      io.disconnect();
      node.destroy();
    });
  }));

test('pg: a query through a crash', () =>
  simulate(async (network) => {
    const server = network.host('postgres', () => {
      servePostgres();
      return sleep(3_600_000);
    });
    await network.host('client').run(async () => {
      const pool = new pg.Pool({ host: 'postgres', user: 'app', password: '', ssl: false });
      pool.on('error', () => undefined);
      assert.deepEqual((await pool.query('SELECT 1')).rows, [{ query: 'SELECT 1' }]);
      server.crash();
      await sleep(10);
      await assert.rejects(pool.query('SELECT 2'), { code: 'ECONNREFUSED' });
      server.restart();
      assert.deepEqual((await pool.query('SELECT 3')).rows, [{ query: 'SELECT 3' }]);
      await pool.end();
    });
  }));

test('TLS over the simulated network', () =>
  simulate(
    async (network) => {
      const { key, cert } = makeCertificate();
      network.host('server', async () => {
        const listener = await listenTcp({ port: 443, tls: { key, cert } });
        await listener.serve((stream) => stream.send(Buffer.from('secret')));
      });
      await network.host('client').run(() =>
        taskGroup(async () => {
          const tls = { ca: cert, servername: 'localhost', rejectUnauthorized: false };
          const stream = await connectTcp({ host: 'server', port: 443, tls });
          assert.equal(now(), 40);
          assert.equal(Buffer.from((await stream.receive())!).toString(), 'secret');
          await stream.close();
        }),
      );
    },
    { latency: 10 },
  ));

test('https and tls.connect without a socket of the caller', () =>
  simulate(
    async (network) => {
      const { key, cert } = makeCertificate(['server']);
      network.host('server', async () => {
        https.createServer({ key, cert }, (_request, response) => response.end('safe')).listen(443);
        await sleepForever();
      });
      await network.host('client').run(async () => {
        const answer = await new Promise<string>((resolve, reject) => {
          https
            .get('https://server/', { ca: cert }, (response) => {
              response.setEncoding('utf8').on('data', resolve).on('error', reject);
            })
            .on('error', reject);
        });
        assert.equal(answer, 'safe');
        const socket = tls.connect(443, 'server', { ca: cert });
        await once(socket, 'secureConnect');
        assert.equal(socket.remoteAddress, '10.0.0.1');
        assert.equal(socket.authorized, true);
        socket.destroy();
        const refused = tls.connect({ host: 'server', port: 444 });
        const [error] = (await once(refused, 'error')) as [NodeJS.ErrnoException];
        assert.equal(error.code, 'ECONNREFUSED');
        assert.throws(() => tls.connect({ path: join(tmpdir(), 'x.sock') }), InvalidStateError);
      });
    },
    { date: new Date() },
  ));
