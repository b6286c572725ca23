// sse: events as a stream, with back-pressure, and its ends.
import { get } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import express from 'express';
import { fastify } from 'fastify';
import { isCancelled, sleep, sleepForever } from '@ambit/core';
import { serveExpress } from '../../src/express.ts';
import { serveFastify } from '../../src/fastify.ts';
import { sse } from '../../src/index.ts';
import type { ServerSentEvent, SseOptions } from '../../src/index.ts';
import { during } from './frameworks.ts';
import { RawClient, serving, signal } from '../support/http-parts.ts';

type Events = Iterable<ServerSentEvent | string> | AsyncIterable<ServerSentEvent | string>;

function sending(
  source: Events | ((id: string | undefined) => AsyncGenerator<string>),
  options?: SseOptions,
) {
  return (_request: IncomingMessage, response: ServerResponse): Promise<void> =>
    sse(response, source, options);
}

/** What comes of it. */
async function received(source: Events, options?: SseOptions): Promise<string> {
  let text = '';
  await serving(sending(source, options), async ({ url }) => {
    text = await (await fetch(url)).text();
  });
  return text;
}

test('says what it is, keeps the headers that are set, and ends with its source', async () => {
  const handler = (_request: IncomingMessage, response: ServerResponse): Promise<void> =>
    sse(response.setHeader('X-Own', '1'), ['a', 'b']);
  await serving(handler, async ({ url }) => {
    const answer = await fetch(url);
    expect(answer.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(answer.headers.get('cache-control')).toContain('no-cache');
    expect(answer.headers.get('x-own')).toBe('1');
    expect(await answer.text()).toBe('data: a\n\ndata: b\n\n');
  });
});

test.each<[ServerSentEvent | string, string]>([
  ['two\nlines', 'data: two\ndata: lines\n\n'],
  ['a\r\nb\rc', 'data: a\ndata: b\ndata: c\n\n'],
  ['', 'data: \n\n'],
  [{ data: { a: 1 } }, 'data: {"a":1}\n\n'],
  [
    { data: 'x', event: 'price', id: '7', retry: 50 },
    'event: price\nid: 7\nretry: 50\ndata: x\n\n',
  ],
  [{ data: null }, 'data: null\n\n'],
  [{ data: undefined, id: '8' }, 'id: 8\n\n'],
])('%p is written as %p', async (event, text) => {
  expect(await received([event])).toBe(text);
});

test('retry of the stream comes first', async () => {
  expect(await received(['a'], { retry: 100 })).toBe('retry: 100\n\ndata: a\n\n');
});

test.each<[unknown, string]>([
  [{ data: 'x', id: 'a\nb' }, 'sse: id is'],
  [{ data: 'x', event: 'a\rb' }, 'sse: event is'],
  [{ data: 'x', retry: -1 }, 'sse: retry is -1'],
  [7, 'sse: an event is 7'],
])('an event that cannot be written fails, and closes the source: %p', async (event, message) => {
  const log: string[] = [];
  const source = async function* (): AsyncGenerator<string> {
    try {
      yield event as string;
    } finally {
      log.push('closed');
    }
  };
  await serving(sending(source()), async ({ url, errors }) => {
    await expect((await fetch(url)).text()).rejects.toThrow();
    expect(errors.map(String)).toEqual([expect.stringContaining(message)]);
  });
  expect(log).toEqual(['closed']);
});

test.each([
  [undefined, undefined, 'undefined'],
  ['5', undefined, '5'],
  ['5', { lastEventId: '9' }, '9'],
])(
  'a function gets the id of the last event: header %p, options %p',
  async (header, options, text) => {
    const source = async function* (id: string | undefined): AsyncGenerator<string> {
      yield String(id);
    };
    await serving(sending(source, options), async ({ url }) => {
      const headers = header === undefined ? {} : { 'Last-Event-ID': header };
      expect(await (await fetch(url, { headers })).text()).toBe(`data: ${text}\n\n`);
    });
  },
);

test('a client that leaves ends the source, and the request is cancelled', async () => {
  const log: string[] = [];
  const source = async function* (): AsyncGenerator<string> {
    try {
      yield 'a';
      await sleepForever();
    } finally {
      log.push('closed');
    }
  };
  const handler = async (_request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      await sse(response, source);
    } catch (error) {
      log.push(isCancelled(error) ? 'cancelled' : String(error));
      throw error;
    }
  };
  await serving(handler, async ({ port, errors, stop }) => {
    using client = new RawClient(port).get('/');
    await client.receives('data: a');
    client.socket.destroy();
    await pause(30);
    expect(await stop()).toBeLessThan(1500);
    expect(errors).toEqual([]);
  });
  expect(log).toEqual(['closed', 'cancelled']);
});

test('draining ends the stream well, also while the source waits for something of its own', async () => {
  const go = signal();
  const source = async function* (): AsyncGenerator<string> {
    yield 'a';
    await go.given;
  };
  await serving(sending(source()), async ({ port, stop, errors }) => {
    using client = new RawClient(port).get('/');
    await client.receives('data: a');
    const stopped = stop();
    await client.receives('\r\n0\r\n');
    go.give();
    expect(await stopped).toBeLessThan(1500);
    expect(errors).toEqual([]);
  });
});

test('a heartbeat is sent when nothing else is', async () => {
  const source = async function* (): AsyncGenerator<string> {
    await sleep(100);
    yield 'a';
  };
  expect(await received(source(), { heartbeat: 20 })).toMatch(/^(:\n\n)+data: a\n\n$/);
});

test('asks for no more than the client takes', async () => {
  let asked = 0;
  const source = async function* (): AsyncGenerator<string> {
    for (;;) {
      asked += 1;
      yield 'x'.repeat(100_000);
      await sleep(0);
    }
  };
  await serving(sending(source()), async ({ port, stop }) => {
    using client = new RawClient(port).get('/');
    client.socket.pause();
    let before = -1;
    while (before !== asked) {
      before = asked;
      await pause(200);
    }
    expect(asked).toBeLessThan(200);
    client.socket.resume();
    while (asked < before + 20) await pause(5);
    client.socket.destroy();
    await stop();
  });
});

test('what the source throws breaks the connection off', async () => {
  const source = async function* (): AsyncGenerator<string> {
    yield 'a';
    throw new Error('no more');
  };
  await serving(sending(source()), async ({ url, errors }) => {
    await expect((await fetch(url)).text()).rejects.toThrow();
    expect(errors).toEqual([new Error('no more')]);
  });
});

test.each([
  [() => sse({} as never, []), 'sse: response is an object'],
  [() => sse({ writeHead: 1 } as never, 5 as never), 'sse: source is 5'],
  [() => sse({ writeHead: 1 } as never, [], { heartbeat: -1 }), 'sse: heartbeat is -1'],
])('bad arguments are refused', async (call, message) => {
  await expect(call()).rejects.toThrow(message);
});

async function* prices(): AsyncGenerator<ServerSentEvent> {
  for (let id = 1; ; id += 1) {
    yield { id: String(id), data: { price: id } };
    await sleep(10);
  }
}

test.each([
  [
    'fastify',
    () => {
      const app = fastify();
      app.get('/', async (_request, reply) => sse(reply.header('X-Own', '1'), prices()));
      return (options: object) => serveFastify(app, options);
    },
  ],
  [
    'express',
    () => {
      const app = express();
      app.get('/', (_request, response) => sse(response.set('X-Own', '1'), prices()));
      return (options: object) => serveExpress(app, options);
    },
  ],
])('%s: streams, and ends when the service does', async (_name, make) => {
  await during(make(), async ({ port, stop }) => {
    const response = await new Promise<IncomingMessage>((resolve) =>
      get({ port, host: '127.0.0.1' }, resolve),
    );
    expect(response.headers['x-own']).toBe('1');
    let text = '';
    response.setEncoding('utf8').on('data', (piece: string) => (text += piece));
    while (!text.includes('id: 3\n')) await pause(5);
    const ended = new Promise((resolve) => response.once('end', resolve));
    await stop();
    await ended;
    expect(text).toContain('id: 1\ndata: {"price":1}\n\nid: 2\n');
  });
});
