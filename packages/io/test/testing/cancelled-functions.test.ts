import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import express from 'express';
import fastify from 'fastify';
import { Redis } from 'ioredis';
import pg from 'pg';
import { createClient } from 'redis';
import { shield, sleep, taskGroup } from '@ambit/core';
import { cancelEverywhere } from '@ambit/core/testing';
import * as io from '@ambit/io';
import { serveExpress } from '@ambit/io/express';
import { serveFastify } from '@ambit/io/fastify';
import { listen, query, transaction } from '@ambit/io/pg';
import { blocking, command, subscribe } from '@ambit/io/redis';
import { SimulatedNetwork } from '@ambit/io/testing';
import { makeCertificate } from '../support/certificate.ts';
import { servePostgres, serveRedis } from './mini-servers.ts';

const certificate = makeCertificate(['server']);
const secured = { ca: certificate.cert };
const work = pathToFileURL(join(__dirname, '../fixtures', 'work.mjs'));

async function echo(stream: io.ByteStream): Promise<void> {
  for await (const bytes of stream) await stream.send(bytes);
}

async function serve(): Promise<void> {
  await taskGroup(async (group) => {
    const plain = await io.listenTcp({ port: 7 });
    const secure = await io.listenTcp({ port: 8, tls: certificate });
    const later = await io.listenTcp({ port: 9 });
    const udp = await io.openUdp({ port: 53 });
    group.spawn(() => plain.serve(echo));
    group.spawn(() => secure.serve(echo, { onError: () => undefined }));
    group.spawn(() =>
      later.serve(async (stream) => echo(await stream.startTls(certificate)), {
        onError: () => undefined,
      }),
    );
    group.spawn(async () => {
      for await (const { data, port, host } of udp) await udp.send(data, port, host);
    });
    group.spawn(() =>
      io.serveHttp(
        async (request, response) => {
          response.write('{"half":');
          await sleep(5);
          response.end(' 1}');
        },
        { port: 80, onError: () => undefined },
      ),
    );
    serveRedis();
    servePostgres();
  });
}

async function ask(stream: io.ByteStream): Promise<void> {
  await stream.send('hello');
  assert.equal((await stream.receive())?.length, 5);
}

async function untilAsked(path: string): Promise<void> {
  const response = await io.fetch(`http://127.0.0.1:8080${path}`);
  await response.text();
}

type Case = () => Promise<unknown>;

const onTheNetwork: Record<string, Case> = {
  connectTcp: async () => ask(await io.connectTcp({ host: 'server', port: 7 })),
  'connectTcp with TLS': async () => {
    const stream = await io.connectTcp({ host: 'server', port: 8, tls: secured });
    await ask(stream);
    await stream.close();
  },
  startTls: async () => {
    const stream = await io.connectTcp({ host: 'server', port: 9 });
    const secure = await stream.startTls({ ...secured, servername: 'server' });
    await ask(secure);
    await secure.sendEof();
  },
  'listenTcp, accept and serve': () =>
    taskGroup(async (group) => {
      const listener = await io.listenTcp({ port: 0 });
      const { port } = listener.address;
      const dialling = group.spawn(() => io.connectTcp({ host: '127.0.0.1', port }));
      await using _there = await listener.accept();
      await using _here = await dialling;
      const serving = group.spawn(() => listener.serve((stream) => stream.send('x')));
      await using stream = await io.connectTcp({ host: '127.0.0.1', port });
      await stream.receive();
      await listener.close({ grace: 10 });
      await serving.join();
    }),
  openUdp: async () => {
    await using socket = await io.openUdp({ remote: { host: 'server', port: 53 } });
    await socket.send('hello');
    await socket.receive();
  },
  lookup: () => io.lookup('server'),
  fetch: async () => {
    const response = await io.fetch('http://server/');
    assert.equal((await response.text()).length, 11);
  },
  'fetch, piece by piece': async () => {
    const { body } = await io.fetch('http://server/', { bodyTimeout: 1000 });
    for await (const _piece of body!) await sleep(1);
  },
  serveHttp: () =>
    taskGroup(async (group) => {
      await group.start((_task, started) =>
        io.serveHttp((_request, response) => sleep(2).then(() => response.end()), {
          port: 8080,
          onListening: started,
          onError: () => undefined,
        }),
      );
      await untilAsked('/');
      group.cancel();
    }),
  sse: () =>
    taskGroup(async (group) => {
      const source = async function* (): AsyncGenerator<string> {
        yield 'one';
        await sleep(2);
        yield 'two';
      };
      await group.start((_task, started) =>
        io.serveHttp((_request, response) => io.sse(response, source()), {
          port: 8080,
          onListening: started,
          onError: () => undefined,
        }),
      );
      await untilAsked('/');
      group.cancel();
    }),
  serveExpress: () =>
    taskGroup(async (group) => {
      const app = express();
      app.get('/', (_request, response) => sleep(2).then(() => void response.json(1)));
      await group.start((_task, started) =>
        serveExpress(app, { port: 8080, onListening: started, onError: () => undefined }),
      );
      await untilAsked('/');
      group.cancel();
    }),
  serveFastify: () =>
    taskGroup(async (group) => {
      const app = fastify();
      app.get('/', () => sleep(2));
      await group.start((_task, started) =>
        serveFastify(app, { port: 8080, onListening: started, onError: () => undefined }),
      );
      await untilAsked('/');
      group.cancel();
    }),
};

async function withPool(body: (pool: pg.Pool) => Promise<unknown>): Promise<void> {
  const pool = new pg.Pool({ host: 'server', user: 'app', password: '', ssl: false, max: 2 });
  pool.on('error', () => undefined);
  try {
    await body(pool);
  } finally {
    // One that was connecting comes back to the pool.
    await shield(() => sleep(100));
    assert.equal(pool.idleCount, pool.totalCount, 'a client of the pool leaks');
    await shield(() => pool.end());
  }
}

async function withRedis(body: (client: Redis) => Promise<unknown>): Promise<void> {
  const client = new Redis({ host: 'server' });
  try {
    await body(client);
  } finally {
    client.disconnect();
  }
}

const onAdapters: Record<string, Case> = {
  'query of pg': () => withPool((pool) => query(pool, 'SELECT 1')),
  'transaction of pg': () =>
    withPool((pool) => transaction(pool, (tx) => tx.query('SELECT 1').then(() => sleep(1)))),
  listen: () =>
    withPool(async (pool) => {
      for await (const _payload of listen(pool, 'channel')) break;
    }),
  'subscribe by ioredis': () =>
    withRedis(async (client) => {
      for await (const _message of subscribe(client, 'channel')) break;
    }),
  'command of ioredis': () => withRedis((client) => command(client, 'SET', 'a', '1')),
  'blocking of ioredis': () => withRedis((client) => blocking(client, 'BLPOP', 'a', 1)),
  'command of node-redis': async () => {
    const client = createClient({ url: 'redis://server:6379' });
    client.on('error', () => undefined);
    try {
      await shield(() => client.connect());
      await command(client as never, 'SET', 'a', '1');
    } finally {
      client.destroy();
    }
  },
};

test.each(Object.entries({ ...onTheNetwork, ...onAdapters }))(
  '%s leaves nothing, wherever it is cancelled',
  async (_, fn) => {
    const report = await cancelEverywhere(async (attempt) => {
      await using network = new SimulatedNetwork({ date: new Date() });
      const server = network.host('server', serve);
      const client = network.host('client');
      await sleep(10);
      await client.run(() => attempt(() => taskGroup(() => fn())));
      await sleep(10_000);
      assert.equal(client.connections, 0, 'a connection leaks');
      assert.equal(server.connections, 0, 'a connection of the server leaks');
      // Its ports are free.
      await client.run(() => taskGroup(() => io.listenTcp({ port: 8080 })));
    });
    assert(report.checkpoints > 0);
  },
);

const folder = mkdtempSync(join(tmpdir(), 'ambit-cancelled-'));

afterAll(() => {
  rmSync(folder, { recursive: true });
});

const path = join(folder, 'kept');

// Real work, for which the loop's time stands still.
const withoutNetwork: Record<string, Case> = {
  memoryStreamPair: async () => {
    const [here, there] = io.memoryStreamPair();
    await taskGroup(async (group) => {
      group.spawn(() => ask(here));
      await there.send((await there.receive())!);
    });
  },
  bufferedReader: async () => {
    const [here, there] = io.memoryStreamPair();
    await here.send('a line\nrest');
    await here.sendEof();
    const reader = io.bufferedReader(there);
    await reader.readUntil('\n');
    assert.equal((await reader.readExactly(4)).length, 4);
  },
  pipe: async () => {
    const [here, there] = io.memoryStreamPair();
    await taskGroup(async (group) => {
      group.spawn(() => io.pipe(io.fromReadable(Readable.from([Buffer.from('x')])), here));
      while ((await there.receive()) !== undefined) await sleep(1);
    });
  },
  'events and once': async () => {
    const emitter = new EventEmitter();
    await taskGroup(async (group) => {
      const first = group.spawn(() => io.once(emitter, 'news'));
      await sleep(1);
      emitter.emit('news', 1);
      await first;
      await using news = io.events(emitter, 'news');
      emitter.emit('news', 2);
      for await (const _each of news) break;
    });
    assert.equal(emitter.listenerCount('news'), 0);
  },
  'writeFile, readFile, readLines': async () => {
    await io.writeFile(path, 'one\ntwo\n');
    assert.equal(await io.readFile(path, { encoding: 'utf8' }), 'one\ntwo\n');
    for await (const _line of io.readLines(path)) await sleep(0);
  },
  'openFile and copy': async () => {
    await using file = await io.openFile(path, 'w');
    await file.write('x');
    await io.copy(path, join(folder, 'copy'));
  },
  walk: async () => {
    for await (const _entry of io.walk(folder)) await sleep(0);
  },
  'temporaryDirectory and temporaryFile': async () => {
    await using _made = await io.temporaryDirectory({ in: folder } as never);
    await using _file = await io.temporaryFile({ in: folder } as never);
  },
  lockFile: async () => {
    await using _lock = await io.lockFile(join(folder, 'lock'));
  },
  runProcess: () => io.runProcess(process.execPath, ['-e', '0']),
  openProcess: async () => {
    await using child = await io.openProcess('cat');
    await child.stdin!.send('hello');
    assert.equal((await child.stdout!.receive())?.length, 5);
    await child.stdin!.sendEof();
    await child.wait();
  },
  'listenUnix and connectUnix': async () => {
    const socket = join(folder, 'socket');
    await using listener = await io.listenUnix(socket);
    await taskGroup(async (group) => {
      group.spawn(() => listener.serve(echo), { daemon: true });
      await using stream = await io.connectUnix(socket);
      await ask(stream);
    });
  },
  'WorkerPool and toThread': async () => {
    await using pool = new io.WorkerPool({ size: 1 });
    assert.equal(await pool.run(work, 'add', [1, 2]), 3);
    await pool.run(work, 'note', [path, 'x', 1]);
  },
  watch: async () => {
    await using changes = io.watch(folder);
    writeFileSync(path, 'changed');
    for await (const _change of changes) break;
  },
  openSignals: async () => {
    // A signal that no loop takes is given on: without a listener of others it would end this process.
    const others = (): void => undefined;
    process.on('SIGUSR2', others);
    try {
      using signals = io.openSignals('SIGUSR2');
      await sleep(1);
      process.emit('SIGUSR2', 'SIGUSR2');
      for await (const _signal of signals) break;
    } finally {
      process.off('SIGUSR2', others);
    }
  },
};

test.each(Object.entries(withoutNetwork))(
  '%s leaves nothing, wherever it is cancelled',
  async (_, fn) => {
    await cancelEverywhere(
      async (attempt) => {
        await attempt(() => taskGroup(() => fn()));
        const left = readdirSync(folder).filter((name) => !['kept', 'copy', 'lock'].includes(name));
        assert.equal(left.join(), '', 'a file is left');
      },
      { limit: 40 },
    );
  },
);
