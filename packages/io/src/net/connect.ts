import { any } from '@ambit/core';
import {
  checkFlag,
  checkOptions,
  checkSignal,
  messageOf,
  park,
  show,
  refusalOf,
} from '@ambit/core/lowlevel';
import type { NetConnectOpts, Socket } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { node } from '../node.ts';
import { formatAddress } from './address.ts';
import type { TcpAddress, UnixAddress } from './address.ts';
import { under } from '../cancellable.ts';
import type { WaitOptions } from '../cancellable.ts';
import { checkString, checkWithin } from '../check.ts';
import { codeOf } from '../errors.ts';
import { opening } from '../ownership.ts';
import { interleave, lookup } from './lookup.ts';
import type { ResolvedAddress } from './lookup.ts';
import { ignoreErrors, untilClosed } from '../streams/stream-end.ts';
import { SocketStream } from './socket-stream.ts';
import { checkUnixPath, reachable, resolved } from './unix-path.ts';

/** Milliseconds after which the next address is tried as well (RFC 8305). */
const STAGGER = 250;

/** Options for {@link connectTcp}. */
export interface ConnectTcpOptions extends WaitOptions {
  /** A name or an address. */
  readonly host: string;
  /** 0 to 65535. */
  readonly port: number;
  /** The address to connect from. */
  readonly localAddress?: string | undefined;
  /** Whether small pieces are sent at once. Default: true. */
  readonly noDelay?: boolean | undefined;
  /** With TLS: `true`, or the options of `tls.connect`. */
  readonly tls?: boolean | ConnectionOptions | undefined;
}

/**
 * Connects to a host and waits until that is done, with `tls` the handshake too. Of several addresses each gets 250 ms
 * before the next one is tried beside it, IPv6 and IPv4 in turn ("happy eyeballs"): the first connection wins, the
 * others are closed. The stream belongs to the innermost group around.
 *
 * @returns the connection
 * @throws (rejects) Node's error (`ENOTFOUND`, `ECONNREFUSED`, …); AggregateError, with `code`, of all of them if the host
 *   has several addresses; TypeError, RangeError for arguments; the ambient scope's CancelledError; `signal.reason`
 * @example
 * const stream = await timeout(5000, () => connectTcp({ host: 'example.org', port: 443, tls: true }));
 */
export async function connectTcp(options: ConnectTcpOptions): Promise<SocketStream<TcpAddress>> {
  checkTcpOptions(options);
  const { host, tls } = options;
  const connect = async (): Promise<SocketStream<TcpAddress>> => {
    const stream = new SocketStream<TcpAddress>(await connectHost(options), {
      isServer: false,
      host,
    });
    return secured(stream, tls);
  };
  return under(options.signal, () => opening('connectTcp', connect));
}

/** Options for `connectUnix`. */
export interface ConnectUnixOptions extends WaitOptions {
  /** With TLS: `true`, or the options of `tls.connect`. */
  readonly tls?: boolean | ConnectionOptions | undefined;
}

/**
 * Connects to a unix socket, on Windows a named pipe, and waits until that is done. The stream belongs to the
 * innermost group around.
 *
 * @param path - of the socket; a relative one is resolved at once
 * @returns the connection
 * @throws (rejects) Node's error (`ENOENT`, `ECONNREFUSED`, `EACCES`, …); TypeError, RangeError for arguments; the ambient
 *   scope's CancelledError; `signal.reason`
 * @example
 * const stream = await connectUnix('/run/app.sock');
 */
export async function connectUnix(
  path: string,
  options?: ConnectUnixOptions,
): Promise<SocketStream<UnixAddress>> {
  checkUnixPath('connectUnix', path);
  checkOptions('connectUnix', options);
  checkSignal('connectUnix', options?.signal);
  checkTls('connectUnix', options?.tls);
  const address = { path: resolved(path) };
  const connect = async (): Promise<SocketStream<UnixAddress>> => {
    const socket = await connectSocket({ path: reachable(address.path) }, path);
    return secured(
      new SocketStream<UnixAddress>(socket, { isServer: false, ...address }),
      options?.tls,
    );
  };
  return under(options?.signal, () => opening('connectUnix', connect));
}

async function secured<A extends TcpAddress | UnixAddress>(
  stream: SocketStream<A>,
  tls: boolean | ConnectionOptions | undefined,
): Promise<SocketStream<A>> {
  if (tls === undefined || tls === false) return stream;
  try {
    return await stream.startTls(tls === true ? {} : tls);
  } catch (error) {
    await stream[Symbol.asyncDispose]();
    throw error;
  }
}

async function connectHost(options: ConnectTcpOptions): Promise<Socket> {
  const refused = refusalOf('connectTcp');
  if (refused !== undefined) return refused;
  const { host, port } = options;
  const family = node.net.isIP(options.localAddress ?? '');
  const found = await lookup(host);
  const usable = found.filter((address) => family === 0 || address.family === family);
  // With none usable the system's error says why.
  const [first, ...others] = interleave(usable.length > 0 ? usable : found);
  if (first !== undefined && others.length === 0) return connectAddress(options, first);
  return firstOf(options, formatAddress({ host, port }), [first as ResolvedAddress, ...others]);
}

async function firstOf(
  options: ConnectTcpOptions,
  target: string,
  addresses: readonly ResolvedAddress[],
): Promise<Socket> {
  const opened = new Set<Socket>();
  const attempts = addresses.map((address) => async () => {
    const socket = await connectAddress(options, address);
    opened.add(socket);
    return socket;
  });
  let winner: Socket | undefined;
  try {
    winner = await any(attempts, { stagger: STAGGER });
    return winner;
  } catch (error) {
    throw error instanceof AggregateError ? withoutLuck(target, error.errors) : error;
  } finally {
    // Two may have connected in one turn.
    if (winner !== undefined) opened.delete(winner);
    await closeAll([...opened], target);
  }
}

function withoutLuck(target: string, errors: readonly unknown[]): AggregateError {
  const reasons = errors.map(messageOf);
  const error = new AggregateError(
    errors,
    `connectTcp: cannot connect to ${target}: ${reasons.join('; ')}`,
  );
  // As on the error of one address.
  return Object.assign(error, { code: codeOf(errors[0]) });
}

async function closeAll(sockets: readonly Socket[], target: string): Promise<void> {
  for (const socket of sockets) socket.destroy();
  await untilClosed(sockets, () => `close the connection to ${target}`);
}

function connectAddress(options: ConnectTcpOptions, to: ResolvedAddress): Promise<Socket> {
  const { port, localAddress, noDelay = true } = options;
  const { address: host, family } = to;
  const where = { host, port, family, noDelay };
  return connectSocket(
    localAddress === undefined ? where : { ...where, localAddress },
    formatAddress({ host, port }),
  );
}

async function connectSocket(to: NetConnectOpts, target: string): Promise<Socket> {
  const refused = refusalOf('connect');
  if (refused !== undefined) return refused;
  const socket = node.net.connect({ ...to, allowHalfOpen: true });
  try {
    await park<void>(
      (waker) => {
        socket.once('connect', () => waker.wake());
        socket.on('error', ignoreErrors).once('error', (error) => waker.fail(error));
      },
      { name: () => `connect to ${target}` },
    );
    return socket;
  } catch (error) {
    await closeAll([socket], target);
    throw error;
  }
}

function checkTcpOptions(options: unknown): asserts options is ConnectTcpOptions {
  if (options === undefined) throw new TypeError('connectTcp: give { host, port }');
  checkOptions('connectTcp', options);
  const { host, port, localAddress, noDelay, tls, signal } = options as ConnectTcpOptions;
  checkString('connectTcp', 'host', host);
  checkWithin('connectTcp', 'port', port, 0, 65_535);
  if (localAddress !== undefined) checkAddress(localAddress);
  checkFlag('connectTcp', 'noDelay', noDelay);
  checkTls('connectTcp', tls);
  checkSignal('connectTcp', signal);
}

function checkTls(where: string, tls: unknown): void {
  if (tls === undefined || typeof tls === 'boolean') return;
  if (typeof tls === 'object' && tls !== null) return;
  throw new TypeError(
    `${where}: tls is ${show(tls)}; give true, or the options of tls.connect, or nothing`,
  );
}

function checkAddress(value: unknown): void {
  checkString('connectTcp', 'localAddress', value);
  if (node.net.isIP(value as string) !== 0) return;
  throw new TypeError(`connectTcp: localAddress is ${show(value)}; give an IP address`);
}
