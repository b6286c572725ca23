import { park, show } from '@ambit/core/lowlevel';
import type { Server } from 'node:net';
import type { WaitOptions } from '../cancellable.ts';

/** A server of node:http, node:https or node:http2: what they have in common, and what some have. */
export type AnyServer = Server & {
  closeIdleConnections?(): void;
  closeAllConnections?(): void;
};

/** Where a server listens. At a path instead of a port: the path as `host`, and port 0. */
export interface HttpAddress {
  /** The address of the host. */
  readonly host: string;
  /** The number of the port. */
  readonly port: number;
}

interface ListenOptions extends WaitOptions {
  readonly port?: number | undefined;
  readonly host?: string | undefined;
  readonly reusePort?: boolean | undefined;
}

/** Starts to listen; Node's own error if that fails. */
export function listen(server: AnyServer, options: ListenOptions): Promise<void> {
  const { port, host, reusePort = false, signal } = options;
  return park<void>(
    (waker) => {
      const forget = (): void => {
        server.off('listening', listening).off('error', failed);
      };
      const listening = (): void => {
        forget();
        // Cancelled while the name of the host was looked up.
        if (!waker.wake()) server.close();
      };
      const failed = (error: Error): void => {
        forget();
        waker.fail(error);
      };
      server.on('listening', listening).on('error', failed).listen({ port, host, reusePort });
      return () => {
        if (!server.listening) return;
        forget();
        server.close();
      };
    },
    { signal, name: `listen at ${host ?? '*'}:${port}` },
  );
}

export function addressOf(server: AnyServer): HttpAddress {
  const address = server.address();
  if (address === null || typeof address === 'string') return { host: address ?? '', port: 0 };
  return { host: address.address, port: address.port };
}

/** Stops accepting. */
export function closeServer(server: AnyServer): void {
  // Node's own close() closes idle connections at once by this: also those that are about to be used.
  server.closeIdleConnections = () => undefined;
  server.close();
  delete server.closeIdleConnections;
}

export function checkServer(target: unknown): void {
  if (typeof target === 'object' && target !== null) {
    const isHttp = 'closeIdleConnections' in target || 'updateSettings' in target;
    if ('listen' in target && isHttp) return;
    if ('server' in target) {
      throw new TypeError(
        'serveHttp: this is not a server of node:http, but has one; give its `server`, once it is ready',
      );
    }
  }
  throw new TypeError(
    `serveHttp: the first argument is ${show(target)}; give a handler, or a server of node:http, node:https or node:http2`,
  );
}

/** By what Node tells of a request; by the latter two only if there is a listener, when a client asks before it sends the body. */
export const requestEvents: readonly string[] = ['request', 'checkContinue', 'checkExpectation'];
