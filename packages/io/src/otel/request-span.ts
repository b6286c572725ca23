import type { IncomingMessage, ServerResponse } from 'node:http';
import type { OtelAttributes, OtelSpan } from './otel-api.ts';

/** What frameworks leave on the request once they know its route: Express, and what follows its example. */
interface Routed {
  readonly baseUrl?: unknown;
  readonly route?: { readonly path?: unknown };
}

/** The methods that a span may be named after: a client could send any word. */
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT'];

/** The name of a request's span while its route is not known: the method alone. */
export function methodOf({ method }: IncomingMessage): string {
  return METHODS.includes(method ?? '') ? String(method) : 'HTTP';
}

/** Says of a request's span what is known when the request arrives. */
export function attributesOf(request: IncomingMessage): OtelAttributes {
  const [path = '/'] = (request.url ?? '/').split('?');
  return {
    'http.request.method': methodOf(request),
    'url.path': path,
    'network.protocol.version': request.httpVersion,
  };
}

/** Says of a request's span what is known at its end. Returns whether the response says that the server failed. */
export function describeEnd(
  span: OtelSpan,
  request: IncomingMessage,
  response: ServerResponse,
): boolean {
  const route = routeOf(request);
  if (route !== undefined) {
    span.setAttribute('http.route', route);
    span.updateName(`${methodOf(request)} ${route}`);
  }
  if (!response.headersSent) return false;
  span.setAttribute('http.response.status_code', response.statusCode);
  return response.statusCode >= 500;
}

function routeOf(request: IncomingMessage & Routed): string | undefined {
  const path = request.route?.path;
  if (typeof path !== 'string') return undefined;
  return `${typeof request.baseUrl === 'string' ? request.baseUrl : ''}${path}`;
}
