// What a request costs the server, next to Node's own. The client is another process, and not counted.
import { AsyncLocalStorage } from 'node:async_hooks';
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CancelScope, taskGroup } from '@ambit/core';
import { serveHttp } from '@ambit/io';
import type { HttpAddress, HttpHandler } from '@ambit/io';
import { contest } from '../contest.ts';

const service = new CancelScope();
const where = { port: 0, host: '127.0.0.1' };
let client: ChildProcess | undefined;

function hello(request: IncomingMessage, response: ServerResponse): void {
  response.setHeader('Content-Type', 'text/plain');
  response.end('hello, world\n');
}

async function helloLater(request: IncomingMessage, response: ServerResponse): Promise<void> {
  await Promise.resolve();
  hello(request, response);
}

function served(handler: HttpHandler): () => Promise<number> {
  return () =>
    new Promise((resolve) => {
      const onListening = ({ port }: HttpAddress): void => resolve(port);
      void service.run(() =>
        taskGroup(() => serveHttp(handler, { ...where, grace: 0, onListening })),
      );
    });
}

function bare(handler: (...args: Parameters<typeof hello>) => void): () => Promise<number> {
  return async () => {
    const server = createServer(handler).listen(where).unref();
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };
}

// Most servers keep the client's name for their logs in an AsyncLocalStorage. In old releases of Node this slows every promise.
const ids = new AsyncLocalStorage<number>();
let lastId = 0;

/** The client makes this number of requests. */
function load(start: () => Promise<number>): (count: number) => () => Promise<unknown> {
  let port: Promise<number> | undefined;
  return (count) => async () => {
    port ??= start();
    client ??= fork(new URL('../load/http.js', import.meta.url), { execArgv: [] });
    client.send({ port: await port, count });
    await once(client, 'message');
  };
}

// 0.97 times as many requests.
const SAME_RATE = { against: 'node:http, AsyncLocalStorage', atMost: 1 / 0.97 };

await contest({
  title: 'Answer a request on a connection that stays open',
  count: 20_000,
  passes: 4,
  rate: 'requests',
  contenders: [
    { name: 'serveHttp', prepare: load(served(hello)) },
    { name: 'node:http', prepare: load(bare(hello)) },
    {
      name: 'node:http, AsyncLocalStorage',
      prepare: load(bare((...args) => ids.run((lastId += 1), () => hello(...args)))),
    },
  ],
  aims: [SAME_RATE],
});

await contest({
  title: 'The same with an async handler',
  count: 20_000,
  passes: 4,
  rate: 'requests',
  contenders: [
    { name: 'serveHttp', prepare: load(served(helloLater)) },
    { name: 'node:http', prepare: load(bare((...args) => void helloLater(...args))) },
    {
      name: 'node:http, AsyncLocalStorage',
      prepare: load(bare((...args) => ids.run((lastId += 1), () => void helloLater(...args)))),
    },
  ],
  aims: [SAME_RATE],
});

service.cancel();
client?.disconnect();
