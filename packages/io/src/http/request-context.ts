import { ContextVar } from '@ambit/core';
import type { IncomingMessage } from 'node:http';

/** What is known of a request wherever its code runs. See {@link requestContext}. */
export interface RequestContext {
  /** The client's header `X-Request-Id`, or a number of this process; under fastify, `request.id`. */
  requestId: string;
  /** Its method, for example GET. */
  readonly method: string;
  /** Its path without the query, which may hold secrets. */
  readonly path: string;
  /** What a handler has added for the code that it calls. */
  [name: string]: unknown;
}

/**
 * Holds what log lines of a request have in common: in its handler, and in all that this calls, awaits and spawns. Outside
 * of a request its value is undefined. Give a logger a function that reads it: then every line that is written for a
 * request names that, also in modules that know nothing of HTTP.
 *
 * @example
 * const log = pino({ mixin: () => ({ ...requestContext.get() }) });
 */
export const requestContext: ContextVar<RequestContext> = new ContextVar({
  name: 'requestContext',
});

let count = 0;

export function contextOf({ headers, method = '', url = '' }: IncomingMessage): RequestContext {
  const given = headers['x-request-id'];
  const end = url.indexOf('?');
  return {
    requestId: typeof given === 'string' && given !== '' ? given : `req-${(count += 1)}`,
    method,
    path: end < 0 ? url : url.slice(0, end),
  };
}
