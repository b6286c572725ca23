import type { IncomingMessage, ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import { sleep } from '@ambit/core';
import { sse } from '@ambit/io';
import { Refusal } from './shop.ts';
import type { Part, Shop } from './shop.ts';
import { things } from './things.ts';

type Answer = (shop: Shop, request: IncomingMessage, rest: string) => unknown;

const named = ({ id, name }: { id: number; name: string }): object => ({ id, name });

/** By method and part; `rest` is what the path has after it. */
const answers: Readonly<Record<string, Answer>> = {
  'GET search': (_shop, _request, text) =>
    things.filter(({ name }) => name.toLowerCase().includes(text.toLowerCase())).map(named),
  'GET things': () => things.map(named),
  'GET details': (shop, _request, id) => {
    const { name, price, place, minutes } = shop.find(Number(id));
    return { name, price, place, minutes };
  },
  'GET reviews': (shop, _request, id) => shop.find(Number(id)).said,
  'GET prices': (shop, _request, id) => shop.priceOf(Number(id)),
  'POST photos': (shop, request) => receive(request, shop),
  'GET places': () =>
    things.slice(0, 4).map((thing) => ({ ...named(thing), places: Math.ceil(Math.random() * 9) })),
  'GET basket': (shop) =>
    [...shop.basket].map(([id, count]) => ({ ...named(shop.find(id)), count })),
  'PUT basket': async (shop, request, id) => {
    const { count } = (await json(request)) as { count: number };
    shop.basket.set(Number(id), count);
    return count;
  },
};

/** Answers a request for `/api/…`. */
export async function answerApi(
  shop: Shop,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const [, , part = '', rest = ''] = (request.url ?? '').split('/').map(decodeURIComponent);
  if (part === 'requests') await sse(response, eventsOf(shop), { heartbeat: 15_000 });
  else if (part === 'settings') await change(shop, request, response);
  else {
    const answer = answers[`${request.method ?? ''} ${part}`];
    if (answer === undefined) throw new Refusal(404, 'The shop has no such part.');
    await shop.requests.during(part, async () => {
      // A photo is slow to receive; everything else is slow to find.
      if (part !== 'photos') await shop.serve(part as Part);
      const body = JSON.stringify(await answer(shop, request, rest));
      response.setHeader('content-type', 'application/json');
      response.end(body);
    });
  }
}

/** Reads slowly, so that the browser has to wait. */
async function receive(request: IncomingMessage, shop: Shop): Promise<{ size: number }> {
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    await sleep((shop.delays.photos * shop.slowness * chunk.length) / 65_536);
    if (shop.refuses.has('photos')) throw new Refusal(503, 'The album is full.');
  }
  return { size };
}

async function* eventsOf(shop: Shop): AsyncGenerator<string> {
  for await (const counts of shop.requests.changes()) yield JSON.stringify(counts);
}

async function change(
  shop: Shop,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { slowness, isClosed } = (await json(request)) as { slowness: number; isClosed: boolean };
  shop.slowness = slowness;
  shop.refuses.clear();
  if (isClosed) for (const part of Object.keys(shop.delays) as Part[]) shop.refuses.add(part);
  response.writeHead(204).end();
}
