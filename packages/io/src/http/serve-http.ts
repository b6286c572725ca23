import { createServer } from 'node:http';
import type { Server as HttpServer } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import { enter } from '@ambit/core/lowlevel';
import { checkSignal } from '../cancellable.ts';
import type { WaitOptions } from '../cancellable.ts';
import {
  checkDuration,
  checkFunction,
  checkOptions,
  checkString,
  checkWithin,
  show,
} from '../check.ts';
import type { HttpHandler, OnHttpError } from './http-exchange.ts';
import { HttpService, listen } from './http-service.ts';
import type { HttpAddress } from './http-service.ts';

/** What `serveHttp` takes besides. */
export interface ServeHttpOptions extends WaitOptions {
  /** 0: any that is free. May be left out only if the server listens already. */
  readonly port?: number | undefined;
  /** Default: Node's, all addresses of the machine. */
  readonly host?: string | undefined;
  /** How many milliseconds requests get to finish once the service is told to stop; default 10,000. */
  readonly grace?: number | undefined;
  /** Gets what a handler threw; what it returns is waited for. Default: one line on stderr. */
  readonly onError?: OnHttpError | undefined;
  /** Called once the server accepts connections. */
  readonly onListening?: ((address: HttpAddress) => void) | undefined;
}

/**
 * Serves HTTP until it is cancelled, and then stops without losing a request.
 *
 * **A request is a task**, named by method and path, with a task group of its own: what its handler opens is closed with
 * it, what it spawns ends with it. It lives until the handler has returned and the response was ended: a handler that
 * leaves the response open, to callbacks say, keeps the task until the response is finished or closed. A client that goes
 * away before that cancels it. A handler that throws answers 500, or, if the response has begun, breaks the
 * connection off; `onError` hears of it, the service goes on. What follows from the client's leaving (the cancellation, and
 * what the two streams say of it) is no error.
 *
 * **Cancelled**, the service accepts no more connections and closes those that are idle. Requests that have arrived go on,
 * for `grace`: the scopes of their handlers are not cancelled yet, responses that have not begun carry
 * `Connection: close`. A connection that has been quiet for less than 100 ms is given as long for one more request, so that
 * a client that has not been told yet does not write into a closing connection. When `grace` is over, the requests that are
 * left are cancelled (those that have not begun to answer: 503), and every connection is destroyed, event streams and
 * upgraded ones too. What should end earlier watches a scope around the service: `group.signal` in the example.
 *
 * An existing server (that of express, fastify, node:https) gets all of this as well: its listeners of 'request',
 * and of 'checkContinue' and 'checkExpectation', are called in the task of each request, until the service ends. It may be listening already. It is closed at the end.
 *
 * @param target - the handler, or a server of node:http or node:https
 * @returns never: it ends by being cancelled, or by an error
 * @throws (rejects) the ambient scope's CancelledError; `signal.reason`; Node's error if it cannot listen (EADDRINUSE);
 *   ClosedResourceError if somebody else has closed the server; TypeError, RangeError for bad arguments
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
  target: HttpHandler | HttpServer | HttpsServer,
  options: ServeHttpOptions,
): Promise<never> {
  checkTarget(target);
  checkServeOptions(options, typeof target !== 'function' && target.listening);
  enter(options);
  const handler = typeof target === 'function' ? target : undefined;
  const server = typeof target === 'function' ? createServer() : target;
  const isForeign = server.listening;
  if (!isForeign) await listen(server, options);
  return new HttpService(server, handler, options, isForeign).run();
}

function checkTarget(target: unknown): void {
  if (typeof target === 'function') return;
  if (typeof target === 'object' && target !== null) {
    if ('listen' in target && 'closeIdleConnections' in target) return;
    if ('server' in target) {
      throw new TypeError(
        'serveHttp: this is not a server of node:http, but has one; give its `server`, once it is ready',
      );
    }
  }
  throw new TypeError(
    `serveHttp: the first argument is ${show(target)}; give a handler, or a server of node:http or node:https`,
  );
}

function checkServeOptions(options: ServeHttpOptions | undefined, isListening: boolean): void {
  checkOptions('serveHttp', options);
  const { port, host, grace, onError, onListening, signal } = options ?? {};
  if (port !== undefined || !isListening) checkWithin('serveHttp', 'port', port, 0, 65_535);
  if (host !== undefined) checkString('serveHttp', 'host', host);
  if (grace !== undefined) checkDuration('serveHttp', 'grace', grace);
  if (onError !== undefined) checkFunction('serveHttp', 'onError', onError);
  if (onListening !== undefined) checkFunction('serveHttp', 'onListening', onListening);
  checkSignal('serveHttp', signal);
}
