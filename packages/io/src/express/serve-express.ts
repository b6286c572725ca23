import { checkDuration, checkFunction } from '@ambit/core/lowlevel';
import { currentHolder } from '../http/current-request.ts';
import { serveHttp } from '../http/serve-http.ts';
import type { ServeHttpOptions } from '../http/serve-http-options.ts';
import { watchLayers } from './layers.ts';
import type { Routed } from './layers.ts';

// The types of express add to request and response, so that a function that takes the plain ones is another type.
/** An app of express 4 or 5, a router, or an app of connect. @beta */
export type ExpressApp = (request: never, response: never, ...rest: never) => unknown;

/** Middleware of express and of connect. @beta */
export type ExpressMiddleware = (
  request: unknown,
  response: unknown,
  next: (error?: unknown) => void,
) => void;

/**
 * Serves an app of express as `serveHttp` does, in place of `app.listen()`. Each request is one task, from its first
 * byte to the end of its async handlers and middleware: the client's leaving cancels the task, and it is waited for. The
 * cancellation of a request is no error: error handlers do not hear of it, the connection is closed, or answered with 503
 * or 504 if the client is still there. A cancellation of anything else is an error like others, 500. With express 4 and
 * connect too, the rejection of an async handler goes to the error handlers.
 *
 * @beta
 * @param app - of express 4 or 5, or of connect
 * @param options - those of `serveHttp`
 * @returns nothing, once it has drained: otherwise it ends by being cancelled, or by an error
 * @throws (rejects) as `serveHttp` does
 * @example
 * const app = express();
 * app.get('/slow', withTimeout(2000), async (request, response) => {
 *   response.json(await fetchReport());
 * });
 * await run(() => serveExpress(app, { port: 3000 }));
 */
export async function serveExpress(app: ExpressApp, options: ServeHttpOptions): Promise<void> {
  checkFunction('serveExpress', 'app', app);
  watchLayers(app as unknown as Routed);
  await serveHttp((request, response) => {
    // An app of connect returns nothing as well; what it has called is waited for by itself.
    (app as unknown as (...args: unknown[]) => void)(request, response);
  }, options);
}

/**
 * Makes middleware that limits the time of a request: after that its task is cancelled, and the answer is 504 if nothing was
 * sent. Of several limits the earliest holds. In an app that `serveExpress` does not serve it does nothing.
 *
 * @beta
 * @param milliseconds - from when it is called
 * @throws TypeError, RangeError if `milliseconds` is no duration
 * @example
 * app.use('/reports', withTimeout(5000));
 */
export function withTimeout(milliseconds: number): ExpressMiddleware {
  checkDuration('withTimeout', 'milliseconds', milliseconds);
  return (_request, _response, next) => {
    currentHolder()?.limitTime(milliseconds);
    next();
  };
}
