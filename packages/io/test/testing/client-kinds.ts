import * as http from 'node:http';
import express from 'express';
import fastify from 'fastify';
import { Redis } from 'ioredis';
import pg from 'pg';
import { createClient } from 'redis';
import * as undici from 'undici';
import { sleepForever } from '@ambit/core';
import { servePostgres, serveRedis } from './mini-servers.ts';

/** Notes what a client says of its connection. */
type Note = (what: string) => void;

interface Client {
  /** A question to the server, and its answer. */
  ask(): Promise<string>;
  close(): unknown;
}

/** A client or a server of others, as it is published. */
export interface Kind {
  readonly answer: string;
  /** What it says of a crash of its server, while it asks. */
  readonly crash: readonly string[];
  serve(): unknown;
  connect(note: Note): Client;
}

function noteEvents(
  client: { on(name: string, listener: (error: unknown) => void): unknown },
  note: Note,
  names: readonly string[],
): void {
  for (const name of names) client.on(name, () => note(name));
  client.on('error', (error) =>
    note(`error ${(error as { code?: string }).code ?? 'without code'}`),
  );
}

async function answerOf(url: string): Promise<string> {
  const response = await fetch(url);
  return `${response.status} ${await response.text()}`;
}

const byFetch = (): Client => ({
  ask: () => answerOf('http://server/hello'),
  close: () => undefined,
});

function hello(): void {
  http.createServer((_request, response) => response.end('hello')).listen(80);
}

export const KINDS: Readonly<Record<string, Kind>> = {
  ioredis: {
    answer: 'OK 1',
    crash: [
      'error ECONNRESET',
      'close',
      'reconnecting',
      'error ECONNREFUSED',
      'no answer',
      'connect',
    ],
    serve: serveRedis,
    connect: (note) => {
      const client = new Redis({ host: 'server', maxRetriesPerRequest: null });
      noteEvents(client, note, ['connect', 'close', 'reconnecting']);
      return {
        ask: async () => `${await client.set('a', '1')} ${await client.get('a')}`,
        close: () => client.disconnect(),
      };
    },
  },
  'node-redis': {
    answer: 'OK 1',
    crash: ['error ECONNRESET', 'reconnecting', 'ECONNRESET', 'connect', 'ready'],
    serve: serveRedis,
    connect: (note) => {
      const client = createClient({ url: 'redis://server:6379' });
      noteEvents(client, note, ['connect', 'ready', 'reconnecting']);
      const connected = client.connect();
      return {
        ask: async () => {
          await connected;
          return `${await client.set('a', '1')} ${await client.get('a')}`;
        },
        close: () => client.destroy(),
      };
    },
  },
  pg: {
    answer: '[{"query":"SELECT 1"}]',
    crash: ['remove', 'ECONNRESET'],
    serve: servePostgres,
    connect: (note) => {
      const pool = new pg.Pool({ host: 'server', user: 'app', password: '', ssl: false });
      noteEvents(pool, note, ['connect', 'remove']);
      return {
        ask: async () => JSON.stringify((await pool.query('SELECT 1')).rows),
        close: () => pool.end(),
      };
    },
  },
  undici: {
    answer: '200 hello',
    crash: ['disconnect', 'ECONNRESET'],
    serve: hello,
    connect: (note) => {
      const pool = new undici.Pool('http://server');
      noteEvents(pool, note, ['connect', 'disconnect', 'connectionError']);
      return {
        ask: async () => {
          const { statusCode, body } = await pool.request({ path: '/', method: 'GET' });
          return `${statusCode} ${await body.text()}`;
        },
        close: () => pool.destroy(),
      };
    },
  },
  'undici by its global dispatcher': {
    answer: '200 hello',
    crash: ['ECONNREFUSED'],
    serve: hello,
    connect: () => ({
      ask: async () => {
        const { statusCode, body } = await undici.request('http://server/');
        return `${statusCode} ${await body.text()}`;
      },
      close: () => undefined,
    }),
  },
  'node:http by its global agent': {
    answer: 'hello',
    crash: ['ECONNRESET'],
    serve: hello,
    connect: () => ({
      ask: () =>
        new Promise((resolve, reject) => {
          http
            .get('http://server/', (response) => {
              response.setEncoding('utf8').on('data', (text: string) => resolve(text));
              response.on('error', reject);
            })
            .on('error', reject);
        }),
      close: () => undefined,
    }),
  },
  express: {
    answer: '200 {"hello":"express"}',
    crash: ['ECONNRESET'],
    serve: async () => {
      const app = express();
      app.get('/hello', (_request, response) => void response.json({ hello: 'express' }));
      app.listen(80);
      await sleepForever();
    },
    connect: byFetch,
  },
  fastify: {
    answer: '200 {"hello":"fastify"}',
    crash: ['ECONNRESET'],
    serve: async () => {
      const app = fastify();
      app.get('/hello', () => ({ hello: 'fastify' }));
      await app.listen({ port: 80, host: '0.0.0.0' });
      await sleepForever();
    },
    connect: byFetch,
  },
};
