// What @ambit/io takes of Node's modules, on every runtime that has them.
import { currentScope, moveOnAfter, sleepForever, taskGroup } from '@ambit/core';
import {
  bufferedReader,
  connectTcp,
  copy,
  fetch,
  listenTcp,
  readFile,
  readLines,
  runProcess,
  serveHttp,
  temporaryDirectory,
  toThread,
  WorkerPool,
  writeFile,
} from '@ambit/io';
import { simulate } from '@ambit/io/testing';
import { equal, lack, ok, rejection } from './harness.mjs';

const HOST = '127.0.0.1';
const work = new URL('./work.mjs', import.meta.url);

const sockets = {
  'an echo server, and a connection that ends with its group': async () => {
    await taskGroup(async (group) => {
      const listener = await listenTcp({ port: 0, host: HOST });
      group.spawn(() =>
        listener.serve(async (stream) => {
          for await (const bytes of stream) await stream.send(bytes);
        }),
      );
      const stream = await connectTcp({ host: HOST, port: listener.address.port });
      await stream.send('one\ntwo\n');
      await stream.sendEof();
      const lines = [];
      for await (const line of bufferedReader(stream).lines()) lines.push(line);
      equal(lines, ['one', 'two']);
      await listener.close();
    });
  },

  'a receive is cancelled, and takes nothing': async () => {
    await taskGroup(async (group) => {
      const listener = await listenTcp({ port: 0, host: HOST });
      const here = await connectTcp({ host: HOST, port: listener.address.port });
      const there = await listener.accept();
      equal(await moveOnAfter(10, () => there.receive()), undefined);
      group.spawn(() => here.send('late'));
      equal(new TextDecoder().decode(await there.receive()), 'late');
    });
  },
};

const http = {
  'serveHttp and fetch; cancelled, the service ends': async () => {
    // A quiet end: the body has come to its own.
    await taskGroup(async (group) => {
      const { port } = await group.start((_task, started) =>
        serveHttp((request, response) => response.end(request.url), {
          port: 0,
          host: HOST,
          grace: 1000,
          onListening: started,
        }),
      );
      const response = await fetch(`http://${HOST}:${port}/tea`);
      equal(await response.text(), '/tea');
      group.cancel();
    });
  },
};

const processes = {
  'what a command prints, and a whole tree that is ended': async () => {
    const { stdout } = await runProcess('sort', ['-n'], { input: '10\n9\n' });
    equal(stdout, '9\n10\n');
    const started = performance.now();
    equal(await moveOnAfter(200, () => runProcess('sh', ['-c', 'sleep 60 & wait'])), undefined);
    ok(performance.now() - started < 4000, 'ended before its grace is over');
  },
};

const threads = {
  'a function of another module, and its error': async () => {
    await within(new WorkerPool({ size: 1 }), async (pool) => {
      equal(await pool.run(work, 'double', [21]), 42);
      const error = await rejection(pool.run(work, 'fail', ['spilt']));
      equal([error.name, error.message, error.code], ['RangeError', 'spilt', 'E_SPILT']);
    });
  },

  'a loop that never waits is ended after its grace': async () => {
    await within(new WorkerPool({ size: 1 }), async (pool) => {
      const cut = await moveOnAfter(100, () => pool.run(work, 'spin', [], { grace: 50 }));
      equal(cut, undefined);
      equal(await pool.run(work, 'double', [1]), 2);
    });
  },

  'toThread outside of any run()': async () => {
    equal(await toThread(work, 'double', 4), 8);
  },
};

async function within(resource, body) {
  try {
    return await body(resource);
  } finally {
    await resource[Symbol.asyncDispose]();
  }
}

const files = {
  'written at once, read in lines, copied; gone with their group': async () => {
    let path;
    await taskGroup(async () => {
      ({ path } = await temporaryDirectory());
      await writeFile(`${path}/a`, 'one\ntwo\n', { atomic: true });
      await copy(`${path}/a`, `${path}/b`);
      const lines = [];
      for await (const line of readLines(`${path}/b`)) lines.push(line);
      equal(lines, ['one', 'two']);
    });
    equal((await rejection(readFile(`${path}/a`))).code, 'ENOENT');
  },
};

const lifetime = {
  'what is open is closed by its group, also when that fails': async () => {
    let stream;
    const failure = await rejection(
      taskGroup(async (group) => {
        const listener = await listenTcp({ port: 0, host: HOST });
        stream = await connectTcp({ host: HOST, port: listener.address.port });
        group.spawn(() => sleepForever());
        throw new Error('enough');
      }),
    );
    equal(failure.message, 'enough');
    ok(stream.socket.destroyed, 'closed');
    ok(currentScope().reason === undefined, 'nothing is cancelled out here');
  },
};

const isNode = process.versions.bun === undefined && process.versions.deno === undefined;

const simulation = {
  'a client and a server on two hosts': async () => {
    let text = '';
    const asks = simulate(async (network) => {
      network.host('api', () => serveHttp((_, response) => response.end('hi'), { port: 80 }));
      const response = await network.host('client').run(() => fetch('http://api/'));
      text = await response.text();
    });
    if (!isNode) {
      ok((await rejection(asks)).message.includes('run it on Node'), 'it says what to do');
      lack('it needs Node, and says so');
    }
    await asks;
    equal(text, 'hi');
  },
};

export const io = {
  sockets: { ...sockets, ...lifetime },
  HTTP: http,
  processes,
  threads,
  files,
  'a simulated network': simulation,
};
