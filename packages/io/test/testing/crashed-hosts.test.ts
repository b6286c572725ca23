// Nothing stops a native promise. What its code does after a crash has no effect, and it ends at its next wait.
import assert from 'node:assert/strict';
import * as dgram from 'node:dgram';
import * as dns from 'node:dns';
import * as fs from 'node:fs';
import * as http from 'node:http';
import * as net from 'node:net';
import { join } from 'node:path';
import { setImmediate as turn, setTimeout as pause } from 'node:timers/promises';
import { Future, getRunningLoop, sleep, sleepForever } from '@ambit/core';
import { testRun } from '@ambit/core/testing';
import {
  openProcess,
  openUdp,
  readFile,
  runProcess,
  serveHttp,
  toThread,
  writeFile,
} from '@ambit/io';
import { simulate, SimulatedNetwork } from '@ambit/io/testing';
import { useFolder } from '../support/temporary-folder.ts';

const folder = useFolder();
const WORK = join(__dirname, '../fixtures/work.mjs');

/** What code of a crashed process tries. It calls `done` if it went on after all. */
type Try = (done: () => void) => unknown;

const tries: Record<string, Try> = {
  setTimeout: (done) => setTimeout(done, 1),
  setInterval: (done) => setInterval(done, 1),
  setImmediate: (done) => setImmediate(done),
  'a pause of timers/promises': (done) => pause(1).then(done),
  'a turn of timers/promises': (done) => turn().then(done),
  'AbortSignal.timeout': (done) => {
    AbortSignal.timeout(1).addEventListener('abort', done);
  },
  'a sleep': (done) => sleep(1).then(done),
  'dns.lookup': (done) => {
    dns.lookup('other', done);
  },
  'dns.promises.lookup': (done) => dns.promises.lookup('other').then(done),
  fetch: (done) => fetch('http://other/').then(done, done),
  'http.get': (done) => http.get('http://other/', done).on('error', done),
  'net.connect': (done) => net.connect(80, 'other', done).on('error', done),
  'a server': (done) => net.createServer().listen(81, done).on('error', done),
  UDP: (done) => {
    const socket = dgram.createSocket('udp4').bind(54, done).on('error', done);
    socket.send('x', 53, 'other', done);
  },
  'UDP of @ambit/io': (done) => openUdp({ remote: { host: 'other', port: 53 } }).then(done, done),
  'a file of @ambit/io': (done) => writeFile(folder.path('file'), 'x').then(done, done),
  'a process of @ambit/io': (done) =>
    runProcess('touch', [folder.path('file')]).then(done, () => undefined),
  'a thread of @ambit/io': (done) =>
    toThread(WORK, 'note', folder.path('file'), 'x').then(done, () => undefined),
  'a file of node:fs': (done) => {
    fs.writeFile(folder.path('file'), 'x', done);
  },
  'a file of node:fs/promises': (done) =>
    fs.promises.writeFile(folder.path('file'), 'x').then(done, done),
};

test.each(Object.entries(tries))('%s', (_name, attempt) =>
  simulate(async (network, _group, loop) => {
    const log: string[] = [];
    const other = network.host('other', async () => {
      dgram
        .createSocket('udp4')
        .bind(53)
        .on('message', (data) => log.push(String(data)));
      await serveHttp((_request, response) => void response.end(), { port: 80 });
    });
    let settle = (): void => undefined;
    const foreign = new Promise<void>((resolve) => (settle = resolve));
    let starts = 0;
    const host = network.host('host', async () => {
      starts += 1;
      if (starts === 1) {
        await foreign;
        log.push('goes on');
        void attempt(() => log.push('done'));
      }
      await sleepForever();
    });
    await sleep(1);
    host.crash();
    host.restart();
    settle();
    await sleep(500);
    using _hold = loop.hold();
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.deepEqual([log, other.connections], [['goes on'], 0]);
    assert.equal(fs.existsSync(folder.path('file')), false);
    assert.equal(network.events.filter(({ what }) => /connect|listen/u.test(what)).length, 1);
  }),
);

describe('what was under way at the crash', () => {
  let opened: fs.promises.FileHandle | undefined;
  afterEach(() => opened?.close());
  const underWay: Record<string, (done: () => void) => void | Promise<void>> = {
    'a connection': (done) => void net.connect(80, 'other', done).on('error', done),
    'a connection that is refused': (done) => void net.connect(81, 'other').on('error', done),
    'a name that is looked up': (done) => {
      dns.lookup('other', done);
    },
    'a file of node:fs': (done) => {
      fs.readFile(__filename, done);
    },
    'a file of node:fs/promises': (done) => void fs.promises.readFile(__filename).then(done, done),
    'a handle of node:fs/promises': async (done) => {
      opened = await fs.promises.open(__filename);
      opened.read().then(done, done);
    },
    'a file of @ambit/io': (done) => void readFile(__filename).then(done, done),
    'a process of @ambit/io': (done) => void openProcess('true').then(done, done),
    'a thread of @ambit/io': (done) => void toThread(WORK, 'later', 1).then(done, done),
  };

  test.each(Object.entries(underWay))('%s', (_name, begin) =>
    simulate(async (network, _group, loop) => {
      network.host('other', () =>
        serveHttp((_request, response) => void response.end(), { port: 80 }),
      );
      await sleep(1);
      const log: string[] = [];
      let starts = 0;
      let announce = (): void => undefined;
      const begun = new Promise<void>((resolve) => (announce = resolve));
      const host = network.host('host', async () => {
        starts += 1;
        if (starts === 1) await begin(() => log.push('done'));
        announce();
        await sleepForever();
      });
      await begun;
      host.crash();
      host.restart();
      await sleep(500);
      using _hold = loop.hold();
      await new Promise((resolve) => setTimeout(resolve, 100));
      assert.deepEqual([starts, log], [2, []]);
    }),
  );
});

test('a timer that was kept does not begin anew after a restart', () =>
  simulate(async (network) => {
    const log: string[] = [];
    let timer: NodeJS.Timeout | undefined;
    const host = network.host('host', () => {
      timer ??= setTimeout(() => log.push('timer'), 10);
    });
    host.crash();
    host.restart();
    timer?.refresh();
    await sleep(50);
    assert.deepEqual(log, []);
  }));

describe('without a seed too', () => {
  test.each([0, 1, 5])('what was woken %d microtasks before does not go on', (microtasks) =>
    testRun(async () => {
      await using network = new SimulatedNetwork();
      const log: string[] = [];
      const future = new Future<void>();
      const host = network.host('host', async () => {
        await future.wait();
        log.push('goes on');
      });
      await sleep(1);
      future.resolve();
      for (let count = 0; count < microtasks; count += 1) await Promise.resolve();
      host.crash();
      await sleep(10);
      assert.deepEqual(log, []);
    }),
  );

  test('nor what wakes at the same instant', () =>
    testRun(async () => {
      await using network = new SimulatedNetwork();
      const log: string[] = [];
      const crashing = sleep(5);
      const host = network.host('host', async () => {
        await sleep(5);
        log.push('goes on');
      });
      await crashing;
      host.crash();
      await sleep(10);
      assert.deepEqual([log, getRunningLoop().now()], [[], 15]);
    }));
});
