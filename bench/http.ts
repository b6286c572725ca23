// What a request costs the server, next to Node's own. The client is another process.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { taskGroup } from '@ambit/core';
import { serveHttp } from '@ambit/io';
import type { HttpAddress } from '@ambit/io';
import { contest } from './contest.ts';

const client = fork(new URL('./http/load.js', import.meta.url), { execArgv: [] });

function hello(request: IncomingMessage, response: ServerResponse): void {
  response.setHeader('Content-Type', 'text/plain');
  response.end('hello, world\n');
}

async function helloLater(request: IncomingMessage, response: ServerResponse): Promise<void> {
  await Promise.resolve();
  hello(request, response);
}

/** The client does so many requests; only the time of this process is counted. */
function loadOn(port: number): (count: number) => () => Promise<unknown> {
  return (count) => async () => {
    client.send({ port, count });
    await once(client, 'message');
  };
}

async function listen(handler: typeof hello): Promise<number> {
  const server = createServer(handler).listen(0, '127.0.0.1');
  await once(server, 'listening');
  server.unref();
  return (server.address() as AddressInfo).port;
}

await taskGroup(async (group) => {
  const serve = async (
    handler: (...args: Parameters<typeof hello>) => unknown,
  ): Promise<number> => {
    const { port } = await group.start<HttpAddress>(
      (task, started) =>
        serveHttp(handler, { port: 0, host: '127.0.0.1', grace: 0, onListening: started }),
      { daemon: true },
    );
    return port;
  };
  const count = 20_000;
  await contest({
    title: 'Answer a request on a connection that stays open',
    count,
    contenders: [
      { name: 'serveHttp', prepare: loadOn(await serve(hello)) },
      { name: 'serveHttp, async handler', prepare: loadOn(await serve(helloLater)) },
      { name: 'node:http', prepare: loadOn(await listen(hello)) },
      {
        name: 'node:http, async handler',
        prepare: loadOn(await listen((...args) => void helloLater(...args))),
      },
    ],
  });
});
client.disconnect();
