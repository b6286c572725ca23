import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import { node } from '../node.ts';

/** Whether a response is one of HTTP/2, which has no header `Connection` and no status texts. */
export function isHttp2(response: ServerResponse): boolean {
  return 'stream' in response;
}

/** Whether all of it has gone to the client. */
export function isSent(response: ServerResponse): boolean {
  if (!isHttp2(response)) return response.writableFinished;
  // A stream that the client gives up is ended by Node.
  const { aborted, rstCode } = streamOf(response);
  return response.writableFinished && !aborted && rstCode === 0;
}

/** Breaks off a response that has begun; answers one that has not with a status and its text. */
export function answerBadly(
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>> = {},
): void {
  if (response.writableEnded || response.destroyed) return;
  if (response.headersSent) {
    response.destroy();
    return;
  }
  for (const name of response.getHeaderNames()) response.removeHeader(name);
  const text = node.http.STATUS_CODES[status] ?? '';
  const body = `${text}\n`;
  // The length is said, since Node may have one in mind: that of an end() which failed.
  const all = { 'Content-Type': 'text/plain', 'Content-Length': body.length, ...headers };
  if (isHttp2(response)) response.writeHead(status, all);
  else response.writeHead(status, text, all);
  response.end(body);
}

/**
 * Closes a response whose connection is gone. One that is pipelined, and waits for others before it, has no connection yet,
 * and Node emits no event at its end: calls that write to it would wait forever. It gets a connection that is gone too.
 */
export function closeWaiting(response: ServerResponse): void {
  if (isHttp2(response) || response.socket !== null || response.closed) return;
  response.assignSocket(new node.net.Socket().destroy());
}

/** Of HTTP/2. */
export function streamOf(end: IncomingMessage | ServerResponse): ServerHttp2Stream {
  return (end as unknown as { readonly stream: ServerHttp2Stream }).stream;
}

/** Seconds after which a client that was refused may ask again. */
const RETRY_AFTER = '1';

/** A handler for requests that are too many. */
export function refuseRequest(_request: IncomingMessage, response: ServerResponse): void {
  answerBadly(response, 503, { 'Retry-After': RETRY_AFTER });
}
