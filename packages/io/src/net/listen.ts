import { checkCount, checkOptions, checkSignal, park, show, refusalOf } from '@ambit/core/lowlevel';
import type { AddressInfo, ListenOptions as NodeListenOptions, Server } from 'node:net';
import type { TlsOptions } from 'node:tls';
import { node } from '../node.ts';
import { formatAddress } from './address.ts';
import type { TcpAddress, UnixAddress } from './address.ts';
import { under } from '../cancellable.ts';
import type { WaitOptions } from '../cancellable.ts';
import { checkString, checkWithin } from '../check.ts';
import { opening } from '../ownership.ts';
import { Listener } from './listener.ts';
import { checkReusePort } from '../reuse-port.ts';
import { checkUnixPath, UnixPath } from './unix-path.ts';

/** Options of every listener. */
export interface ListenOptions extends WaitOptions {
  /** How many connections the system keeps until they are accepted; it may have a limit of its own. Default: Node's, 511. */
  readonly backlog?: number | undefined;
  /** With TLS: the options of `tls.createServer`, with `key` and `cert`. */
  readonly tls?: TlsOptions | undefined;
}

/** Options for {@link listenTcp}. */
export interface ListenTcpOptions extends ListenOptions {
  /** 0 to 65535; 0: one that is free. */
  readonly port: number;
  /** An address of this machine, or a name of it. Default: all of them. */
  readonly host?: string | undefined;
  /** Lets several processes listen on one port; the system distributes the connections. Needs Node 22.12, and Linux or BSD. */
  readonly reusePort?: boolean | undefined;
}

/** Options for `listenUnix`. */
export type ListenUnixOptions = ListenOptions;

/**
 * Listens on a TCP port and waits until that is so. Connections have `noDelay`. The listener belongs to the innermost
 * group around.
 *
 * @returns the listener
 * @throws (rejects) Node's error (`EADDRINUSE`, `EACCES`, `EADDRNOTAVAIL`, …); TypeError, RangeError for arguments; the ambient
 *   scope's CancelledError; `signal.reason`
 * @example
 * const listener = await listenTcp({ port: 0, host: '127.0.0.1' });
 * await listener.serve(async (stream) => pipe(stream, stream));
 */
export async function listenTcp(options: ListenTcpOptions): Promise<Listener<TcpAddress>> {
  checkTcpOptions(options);
  const { port, host, backlog, reusePort } = options;
  const listen = async (): Promise<Listener<TcpAddress>> => {
    const refused = refusalOf('listenTcp');
    if (refused !== undefined) return refused;
    const server = createServer(options.tls);
    const where: NodeListenOptions & { reusePort?: true } = { port };
    if (host !== undefined) where.host = host;
    if (backlog !== undefined) where.backlog = backlog;
    if (reusePort === true) where.reusePort = true;
    await listening(server, where, formatAddress({ host: host ?? '', port }));
    const { address, port: bound } = server.address() as AddressInfo;
    return new Listener(server, { host: address, port: bound });
  };
  return under(options.signal, () => opening('listenTcp', listen));
}

/**
 * Listens on a unix socket, on Windows a named pipe, and waits until that is so. A socket file that no process listens on any
 * more is replaced. At the end the file is removed, if it is still this listener's. The listener belongs to the innermost
 * group around.
 *
 * @param path - of the socket; a relative one is resolved at once
 * @returns the listener
 * @throws (rejects) Node's error: `EADDRINUSE` if a process listens there, or if the file is none of a socket, `EACCES`, …;
 *   TypeError, RangeError for arguments; the ambient scope's CancelledError; `signal.reason`
 * @example
 * const listener = await listenUnix('/run/app.sock');
 */
export async function listenUnix(
  path: string,
  options?: ListenUnixOptions,
): Promise<Listener<UnixAddress>> {
  checkUnixPath('listenUnix', path);
  checkCommon('listenUnix', options);
  const file = new UnixPath(path);
  const listen = async (): Promise<Listener<UnixAddress>> => {
    const refused = refusalOf('listenUnix');
    if (refused !== undefined) return refused;
    const server = createServer(options?.tls);
    try {
      const where: NodeListenOptions = { path: file.bound };
      if (options?.backlog !== undefined) where.backlog = options.backlog;
      await listening(server, where, path);
      await file.claim();
    } catch (error) {
      server.close();
      throw file.renameIn(error);
    }
    return new Listener(server, { path: file.path }, file);
  };
  return under(options?.signal, () => opening('listenUnix', listen));
}

function createServer(options: TlsOptions | undefined): Server {
  // What is not accepted yet is read no further than its buffer: the other end is to notice that it is not served.
  if (options === undefined) {
    return node.net.createServer({
      allowHalfOpen: true,
      noDelay: true,
      pauseOnConnect: true,
    });
  }
  // Half-open only once the handshake is done.
  return node.tls.createServer({ ...options, allowHalfOpen: false, noDelay: true });
}

function listening(server: Server, where: NodeListenOptions, name: string): Promise<void> {
  return park<void>(
    (waker) => {
      server.once('error', (error) => waker.fail(error));
      server.listen(where, () => waker.wake());
      return () => server.close();
    },
    { name: () => `listen on ${name}` },
  );
}

function checkTcpOptions(options: unknown): asserts options is ListenTcpOptions {
  if (options === undefined) throw new TypeError('listenTcp: give { port }');
  checkCommon('listenTcp', options);
  const { port, host, reusePort } = options as ListenTcpOptions;
  checkWithin('listenTcp', 'port', port, 0, 65_535);
  if (host !== undefined) checkString('listenTcp', 'host', host);
  checkReusePort('listenTcp', reusePort);
}

function checkCommon(where: string, options: unknown): void {
  checkOptions(where, options);
  const { backlog, tls: secure, signal } = (options ?? {}) as ListenOptions;
  if (backlog !== undefined) checkCount(where, 'backlog', backlog, 1);
  checkSignal(where, signal);
  if (secure === undefined || (typeof secure === 'object' && (secure as unknown) !== null)) return;
  throw new TypeError(
    `${where}: tls is ${show(secure)}; give the options of tls.createServer, with key and cert`,
  );
}
