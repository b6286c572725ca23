import type { Agent, ClientRequest, IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import { node } from '../node.ts';
import { Answer } from './fetch-answer.ts';
import type { Handler } from './fetch-answer.ts';

interface Dispatched {
  readonly origin: string | URL;
  readonly path: string;
  readonly method: string;
  readonly headers?: unknown;
  readonly body?: unknown;
}

/** Milliseconds for which undici keeps a connection of a server that does not say for how long. */
const USUAL_IDLE = 4000;
const LONGEST_IDLE = 600_000;
/** By how much it is sooner than the server. */
const AHEAD = 2000;

/** What sends the requests of a host's `fetch`: node:http, over connections of that host. */
export class HostDispatcher {
  /** For how long a connection is kept that has brought an answer, in milliseconds. */
  readonly #idle = new WeakMap<Socket, number>();
  readonly #http = this.#keeping(new node.http.Agent({ keepAlive: true }));
  readonly #https = this.#keeping(new node.https.Agent({ keepAlive: true }));

  /** As undici's dispatchers do. */
  dispatch(options: Dispatched, handler: Handler): boolean {
    const url = new URL(options.path, options.origin);
    const isSecure = url.protocol === 'https:';
    const request = (isSecure ? node.https : node.http).request(url, {
      method: options.method,
      headers: headersOf(options.headers),
      agent: isSecure ? this.#https : this.#http,
    });
    const answer = new Answer(request, handler);
    request.on('error', (error) => {
      answer.fail(error);
    });
    request.on('response', (response: IncomingMessage) => {
      this.#idle.set(response.socket, idleOf(response.headers['keep-alive']));
      answer.begin(response);
    });
    send(request, options.body);
    return true;
  }

  /**
   * Has an agent keep its connections for as long as undici does. One that was made for a request which was given up before is not
   * kept: some versions of Node would, without end.
   */
  #keeping<A extends Agent>(agent: A): A {
    const keepSocketAlive = (socket: Socket): boolean => {
      const ms = this.#idle.get(socket) ?? 0;
      if (ms > 0) socket.setTimeout(ms);
      return ms > 0;
    };
    Object.assign(agent, { keepSocketAlive });
    return agent;
  }
}

function idleOf(hint: unknown): number {
  const [, seconds] = /timeout=(\d+)/u.exec(String(hint)) ?? [];
  if (seconds === undefined) return USUAL_IDLE;
  return Math.min(Number(seconds) * 1000 - AHEAD, LONGEST_IDLE);
}

function send(request: ClientRequest, body: unknown): void {
  if (body === null || body === undefined) request.end();
  else if (typeof body === 'string' || body instanceof Uint8Array) request.end(body);
  else {
    const source = node.stream.Readable.from(body as AsyncIterable<Uint8Array>);
    source.on('error', (error: Error) => request.destroy(error));
    source.pipe(request);
  }
}

function headersOf(headers: unknown): OutgoingHttpHeaders {
  const result: OutgoingHttpHeaders = {};
  for (const [name, value] of pairsOf(headers)) result[name] = value;
  return result;
}

function pairsOf(headers: unknown): Iterable<[string, string]> {
  if (typeof headers !== 'object' || headers === null) return [];
  if (Array.isArray(headers) && !Array.isArray(headers[0])) return inPairs(headers);
  if (Symbol.iterator in headers) return headers as Iterable<[string, string]>;
  return Object.entries(headers);
}

function* inPairs(list: readonly unknown[]): Generator<[string, string]> {
  for (let at = 0; at < list.length; at += 2) yield [String(list[at]), String(list[at + 1])];
}
