import type { ClientRequest, IncomingMessage, OutgoingHttpHeaders } from 'node:http';
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

/** What sends the requests of a host's `fetch`: node:http, over connections of that host. */
export class HostDispatcher {
  readonly #http = new node.http.Agent({ keepAlive: true });
  readonly #https = new node.https.Agent({ keepAlive: true });

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
      answer.begin(response);
    });
    send(request, options.body);
    return true;
  }
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
