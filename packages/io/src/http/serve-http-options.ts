import {
  checkCount,
  checkDuration,
  checkFunction,
  checkOptions,
  checkSignal,
} from '@ambit/core/lowlevel';
import type { IncomingMessage } from 'node:http';
import type { WaitOptions } from '../cancellable.ts';
import { checkString, checkWithin } from '../check.ts';
import { checkReusePort } from '../reuse-port.ts';
import type { HttpAddress } from './http-server.ts';
import type { DeadlineSource } from './time-limit.ts';

/** Options for {@link serveHttp}. */
export interface ServeHttpOptions extends WaitOptions {
  /** 0: any that is free. May be left out only if the server listens already. */
  readonly port?: number | undefined;
  /** Default: Node's, all addresses of the machine. */
  readonly host?: string | undefined;
  /**
   * Lets several processes listen on one port; the system distributes the connections. Needs Node 22.12, and Linux or BSD.
   * A process that stops listening loses connections that the system had given it in that moment, before they were
   * accepted; the workers of node:cluster, which do not need this, lose none. Default: false.
   */
  readonly reusePort?: boolean | undefined;
  /** How many milliseconds requests get to finish once the service is told to stop; default 10,000. */
  readonly grace?: number | undefined;
  /**
   * How many milliseconds the service goes on accepting connections once it is told to stop, so that a load balancer
   * notices; `grace` begins after that. Default: 0.
   */
  readonly lameDuck?: number | undefined;
  /** How many requests may be at work; a further one is answered with 503 and `Retry-After`. Default: Infinity. */
  readonly limit?: number | undefined;
  /**
   * How many milliseconds a request may take, from its first byte to the end of its response. Then its task is cancelled,
   * and the answer is 504 if nothing was sent. Default: Infinity.
   */
  readonly requestTimeout?: number | undefined;
  /**
   * Where the time that the client still waits is read from, which then limits the request as `requestTimeout` does:
   * 'grpc-timeout', the name of a header in milliseconds, or a function that returns milliseconds or undefined. A header
   * that is missing or that says something else sets no limit.
   */
  readonly deadlineFrom?: DeadlineSource | undefined;
  /** Gets what a handler threw; what it returns is waited for. Default: one line on stderr. */
  readonly onError?: ((error: unknown, request: IncomingMessage) => unknown) | undefined;
  /** Called once the server accepts connections. */
  readonly onListening?: ((address: HttpAddress) => void) | undefined;
}

export function checkServeOptions(
  options: ServeHttpOptions | undefined,
  server: 'listening' | 'new',
): void {
  checkOptions('serveHttp', options);
  const { port, host, reusePort, limit, deadlineFrom, signal, ...rest } = options ?? {};
  if (port !== undefined || server === 'new') checkWithin('serveHttp', 'port', port, 0, 65_535);
  if (host !== undefined) checkString('serveHttp', 'host', host);
  checkReusePort('serveHttp', reusePort);
  if (limit !== undefined) checkCount('serveHttp', 'limit', limit, 1);
  for (const name of ['grace', 'lameDuck', 'requestTimeout'] as const) {
    if (rest[name] !== undefined) checkDuration('serveHttp', name, rest[name]);
  }
  if (rest.lameDuck === Infinity) {
    throw new RangeError('serveHttp: lameDuck is Infinity, and it would never end; give an end');
  }
  for (const name of ['onError', 'onListening'] as const) {
    if (rest[name] !== undefined) checkFunction('serveHttp', name, rest[name]);
  }
  if (deadlineFrom !== undefined && typeof deadlineFrom !== 'function') {
    checkString('serveHttp', 'deadlineFrom', deadlineFrom);
  }
  checkSignal('serveHttp', signal);
}
