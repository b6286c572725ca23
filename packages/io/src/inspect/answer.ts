import { recordTrace } from '@ambit/core/inspect';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { VitalSigns } from './vital-signs.ts';

/** The version of what the inspector answers. */
const PROTOCOL = 1;

type Answer = (signs: VitalSigns, query: URLSearchParams, response: ServerResponse) => void;

const answers: Readonly<Record<string, Answer>> = {
  '/version': (_signs, _query, response) => {
    sendJson(response, JSON.stringify({ protocol: PROTOCOL, node: process.version }));
  },
  '/snapshot': (signs, _query, response) => {
    sendJson(response, JSON.stringify(signs.report()));
  },
  '/watch': watch,
  '/trace': trace,
};

/** Answers a request. It only reads: no path changes anything in the program. */
export function answer(
  signs: VitalSigns,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const [path = '', query] = (request.url ?? '').split('?');
  const respond = Object.hasOwn(answers, path) ? answers[path] : undefined;
  if (request.method !== 'GET') response.writeHead(405, { allow: 'GET' }).end();
  else if (respond === undefined) response.writeHead(404).end();
  else respondTo(() => respond(signs, new URLSearchParams(query), response), response);
}

/** A query that makes no sense: nothing has begun yet. */
class QueryError extends Error {}

function respondTo(respond: () => void, response: ServerResponse): void {
  try {
    respond();
  } catch (error) {
    if (!(error instanceof QueryError)) throw error;
    response.writeHead(400, { 'content-type': 'text/plain; charset=utf-8' });
    response.end(`${error.message}\n`);
  }
}

function sendJson(response: ServerResponse, text: string): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(text);
}

function watch(signs: VitalSigns, query: URLSearchParams, response: ServerResponse): void {
  const every = within(query, 'every', [100, 1000, 60_000]);
  const stopTurns = query.has('cpu') ? signs.watchTurns() : undefined;
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  const send = (): void => {
    // A watcher that does not read gets none: they would pile up.
    if (!response.writableNeedDrain) response.write(`data: ${JSON.stringify(signs.report())}\n\n`);
  };
  send();
  const timer = setInterval(send, every);
  timer.unref();
  response.once('close', () => {
    clearInterval(timer);
    stopTurns?.();
  });
}

function trace(_signs: VitalSigns, query: URLSearchParams, response: ServerResponse): void {
  const ms = within(query, 'ms', [1, 5000, 600_000]);
  const recorder = recordTrace({ limit: within(query, 'limit', [1, 100_000, 1_000_000]) });
  const timer = setTimeout(() => {
    recorder[Symbol.dispose]();
    response.writeHead(200, { 'content-type': 'application/json' });
    for (const chunk of recorder.chunks()) response.write(chunk);
    response.end();
  }, ms);
  timer.unref();
  response.once('close', () => {
    clearTimeout(timer);
    recorder[Symbol.dispose]();
  });
}

/** The number that was asked for, between the least and the most; the usual one if none was. */
function within(
  query: URLSearchParams,
  name: string,
  [least, usual, most]: readonly [number, number, number],
): number {
  const text = query.get(name);
  if (text === null) return usual;
  const number = /^\d+$/.test(text) ? Number(text) : NaN;
  if (number >= least && number <= most) return number;
  throw new QueryError(
    `${name} is ${JSON.stringify(text)}; give a whole number from ${String(least)} to ${String(most)}`,
  );
}
