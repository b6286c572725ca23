import { refusalOf } from '@ambit/core/lowlevel';
import type { Server as HttpServer } from 'node:http';
import type { Http2SecureServer, Http2Server } from 'node:http2';
import type { Server as HttpsServer } from 'node:https';
import { node } from '../node.ts';
import type { HttpHandler } from './http-exchange.ts';
import { checkServer, listen } from './http-server.ts';
import { HttpService } from './http-service.ts';
import { checkServeOptions } from './serve-http-options.ts';
import type { ServeHttpOptions } from './serve-http-options.ts';

/**
 * Serves HTTP until its scope drains or is cancelled, and then stops without losing a request.
 *
 * **A request is a task**, named by method and path, with a task group of its own: what its handler opens is closed with
 * it, what it spawns ends with it. It lives until the handler has returned, the response was ended, and what
 * {@link currentRequest}`().waitUntil` was given has ended: a handler that leaves the response open, for callbacks, keeps
 * the task until the response is finished or closed, and if it is cancelled, until nothing waits in the task any more. A
 * client that goes away before that cancels it, also where its requests are pipelined. A handler that throws answers 500,
 * or, if the response has begun, breaks the connection off; `onError` hears of it, the service goes on. What follows from
 * the client's leaving (the cancellation, and what the two streams say of it) is no error.
 *
 * **Limits.** With `limit`, a request above it is answered with 503 and `Retry-After`. A request whose `requestTimeout` or
 * client's deadline (`deadlineFrom`) is over is cancelled, and answered with 504 if nothing was sent.
 *
 * **Told to stop**, by `drain()` of a scope around it or by its cancellation, the service accepts no more connections, or
 * goes on doing so for `lameDuck`, and closes those that are idle. `currentScope().draining` is aborted in each request at
 * once, so that a handler without an end of its own, for example of an event stream, can end. Requests that have arrived go
 * on, for `grace`: the scopes of their handlers are not cancelled yet, responses that have not begun carry
 * `Connection: close`, clients of HTTP/2 get a GOAWAY. A connection that has been quiet for less than 100 ms is given as
 * long for one more request, so that a client that has not been told yet does not write into a closing connection. When
 * `grace` is over, the requests that are left are cancelled, those that have not begun to answer are answered with 503,
 * also while their handlers wait for something else, and every connection is destroyed, event streams and upgraded ones too.
 *
 * An existing server (that of express, fastify, node:https, node:http2 with and without HTTP/1) gets all of this as well:
 * its listeners of 'request', and of 'checkContinue' and 'checkExpectation', are called in the task of each request, until
 * the service ends. It may be listening already. It is closed at the end.
 *
 * @param target - the handler, or a server of node:http, node:https or node:http2
 * @returns nothing, once it has drained: otherwise it ends by being cancelled, or by an error
 * @throws (rejects) the ambient scope's CancelledError; `signal.reason`; Node's error if it cannot listen (EADDRINUSE);
 *   ClosedResourceError if other code has closed the server; TypeError, RangeError for bad arguments
 * @example
 * await run(async (group) => {
 *   const handler = (request: IncomingMessage, response: ServerResponse) => response.end('hello');
 *   const { port } = await group.start<HttpAddress>((task, started) =>
 *     serveHttp(handler, { port: 0, onListening: started }),
 *   );
 *   console.log(`http://127.0.0.1:${port}`);
 * });
 */
export async function serveHttp(
  target: HttpHandler | HttpServer | HttpsServer | Http2Server | Http2SecureServer,
  options: ServeHttpOptions,
): Promise<void> {
  if (typeof target !== 'function') checkServer(target);
  const isListening = typeof target !== 'function' && target.listening;
  checkServeOptions(options, isListening ? 'listening' : 'new');
  const refused = refusalOf('serveHttp', options);
  if (refused !== undefined) return refused;
  const handler = typeof target === 'function' ? target : undefined;
  const server = typeof target === 'function' ? node.http.createServer() : target;
  const isForeign = server.listening;
  if (!isForeign) await listen(server, options);
  return new HttpService({ server, handler, isForeign }, options).run();
}
