// Forwards requests to one of several servers, and returns the response.
//
//   npm run example -- reverse-proxy [--port 8080] [--timeout 5000] [--stagger 100] [--grace 10000] <upstream>…
//
// - A request that may be sent twice is hedged: if the first server has not begun to respond after `--stagger`, or has failed, the
//   next one is asked as well. The first response wins, and the other requests are cancelled.
// - If no server begins to respond within `--timeout`, the status is 504. If all fail, it is 502.
// - Bodies are streamed in both directions. A client that disconnects cancels the requests that were made for it.
// - On Ctrl-C or SIGTERM the proxy accepts no more connections and finishes the requests that have begun.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { any, run, timeout, TimeoutError } from '@ambit/core';
import { fetch, serveHttp } from '@ambit/io';

const { values, positionals: upstreams } = parseArgs({
  allowPositionals: true,
  options: {
    port: { type: 'string', default: '8080' },
    timeout: { type: 'string', default: '5000' },
    stagger: { type: 'string', default: '100' },
    grace: { type: 'string', default: '10000' },
  },
});
if (upstreams.length === 0) throw new Error('reverse-proxy: name at least one upstream');

// Headers of one connection and not of the message, and those that are wrong after `fetch` has decompressed the body.
const ofConnection = new Set(
  'connection keep-alive proxy-connection te trailer transfer-encoding upgrade host expect'.split(
    ' ',
  ),
);

let turn = 0;

await run(() =>
  serveHttp(handOn, {
    port: Number(values.port),
    host: '127.0.0.1',
    grace: Number(values.grace),
    onListening: ({ host, port }) => console.log(`http://${host}:${port}`),
  }),
);

async function handOn(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const answer = await ask(request).catch(troubleOf);
  response.writeHead(answer.status, answer.statusText, headersOf(answer.headers));
  if (answer.body === null) response.end();
  else await pipeline(answer.body, response);
}

/** Resolves with the head of a response. Its body belongs to the request. */
function ask(request: IncomingMessage): Promise<Response> {
  const isHedged = request.method === 'GET' || request.method === 'HEAD';
  const chosen = isHedged ? inTurn() : inTurn().slice(0, 1);
  const attempts = chosen.map((upstream) => () => send(upstream, request, isHedged));
  return timeout(Number(values.timeout), () => any(attempts, { stagger: Number(values.stagger) }));
}

async function send(
  upstream: string,
  request: IncomingMessage,
  isHedged: boolean,
): Promise<Response> {
  const { method = 'GET', url = '/' } = request;
  const response = await fetch(new URL(url, upstream), {
    method,
    headers: headersFor(request),
    redirect: 'manual',
    ...(!isHedged && { body: request, duplex: 'half' }),
  });
  if (!isHedged || ![502, 503, 504].includes(response.status)) return response;
  // Another server may succeed.
  await response.body?.cancel();
  throw new Error(`${upstream} answered ${response.status}`);
}

/** The status for the client. Other errors, such as the cancellation, are thrown on. */
function troubleOf(error: unknown): Response {
  if (error instanceof TimeoutError) return new Response('no answer in time\n', { status: 504 });
  if (!(error instanceof AggregateError)) throw error;
  console.error(`502: ${error.errors.map(String).join('; ')}`);
  return new Response('no answer\n', { status: 502 });
}

/** All servers, beginning with another one each time. */
function inTurn(): string[] {
  const first = turn % upstreams.length;
  turn += 1;
  return [...upstreams.slice(first), ...upstreams.slice(0, first)];
}

function headersFor({ headers, socket }: IncomingMessage): [string, string][] {
  const kept = Object.entries(headers).filter(
    ([name]) => !ofConnection.has(name) && name !== 'accept-encoding' && name !== 'content-length',
  );
  return [
    ...kept.map(([name, value]): [string, string] => [name, String(value)]),
    ['accept-encoding', 'identity'],
    ['x-forwarded-for', socket.remoteAddress ?? ''],
  ];
}

function headersOf(headers: Headers): Record<string, string | string[]> {
  const kept = [...headers].filter(
    ([name]) => !ofConnection.has(name) && name !== 'content-encoding',
  );
  const cookies = headers.getSetCookie();
  return { ...Object.fromEntries(kept), ...(cookies.length > 0 && { 'set-cookie': cookies }) };
}
