import { checkDuration } from '@ambit/core/lowlevel';
import type { IncomingMessage } from 'node:http';
import { readDeadline } from './deadline-header.ts';

/** How long the client still waits: the name of a header, or a function that says it, in milliseconds. */
export type DeadlineSource = string | ((request: IncomingMessage) => number | undefined);

interface LimitOptions {
  readonly requestTimeout?: number | undefined;
  readonly deadlineFrom?: DeadlineSource | undefined;
}

/** Milliseconds that a request has from now on; Infinity: any number. */
export function timeLimitOf(request: IncomingMessage, options: LimitOptions): number {
  const { requestTimeout = Infinity } = options;
  const ofService =
    requestTimeout === Infinity ? Infinity : requestTimeout - sinceFirstByte(request);
  return Math.min(ofService, ofClient(request, options) ?? Infinity);
}

function ofClient(request: IncomingMessage, options: LimitOptions): number | undefined {
  const source = options.deadlineFrom;
  if (source === undefined) return undefined;
  if (typeof source === 'string') {
    const header = request.headers[source.toLowerCase()];
    return readDeadline(source, Array.isArray(header) ? header[0] : header);
  }
  const left = source.call(options, request);
  if (left !== undefined)
    checkDuration('serveHttp', 'the result of deadlineFrom', Math.max(left, 0));
  return left;
}

/** Node's parser knows when the first byte of a request came; other runtimes and HTTP/2 do not tell. */
function sinceFirstByte(request: IncomingMessage): number {
  const { parser } = request.socket as { parser?: { duration?(): number } | null };
  const spent = parser?.duration?.();
  return spent !== undefined && spent > 0 ? spent : 0;
}
