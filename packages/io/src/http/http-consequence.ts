import type { IncomingMessage, ServerResponse } from 'node:http';
import { codeOf } from '../errors.ts';
import { isMadeOf } from '../failure-parts.ts';
import { isHttp2 } from './http-answer.ts';

interface Streams {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** What the system says of a connection that is gone, and Node of its streams. */
const ofLostWrites = new Set(['ECONNRESET', 'EPIPE']);
const ofClosedStreams = ['ERR_STREAM_PREMATURE_CLOSE', 'ERR_STREAM_DESTROYED'];
/** Node's errors for a second answer. */
const ofLateAnswers = new Set([
  ...['ERR_HTTP_HEADERS_SENT', 'ERR_STREAM_WRITE_AFTER_END', 'ERR_STREAM_ALREADY_FINISHED'],
  ...['ERR_HTTP2_HEADERS_SENT', 'ERR_HTTP2_INVALID_STREAM', 'ECONNRESET'],
  ...ofClosedStreams,
]);

/** Whether an error says no more than that the request has been answered already. */
export function saysTooLate(error: unknown): boolean {
  return isMadeOf(error, (part) => ofLateAnswers.has(codeOf(part) ?? ''));
}

interface Client {
  /** The connection has said that the client is gone. */
  readonly hasClientLeft: boolean;
}

/** Whether an error says no more than that the client has gone away. */
export function saysClientLeft(error: unknown, streams: Streams & Client): boolean {
  if (!streams.hasClientLeft && !isGone(streams)) return false;
  return isMadeOf(error, (part) => {
    if (part === streams.request.errored || part === streams.response.errored) return true;
    const code = codeOf(part) ?? '';
    // A write that was under way: its error is known to its callback alone.
    if (ofLostWrites.has(code)) return (part as { syscall?: unknown }).syscall === 'write';
    return ofClosedStreams.includes(code);
  });
}

// A handler that writes learns of it before the connection says so.
function isGone({ request, response }: Streams): boolean {
  if (codeOf(request.errored) === 'ECONNRESET') return true;
  return !isHttp2(response) && response.socket?.destroyed === true;
}
