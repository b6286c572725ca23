import { checkOptions, checkSignal, park, show, refusalOf } from '@ambit/core/lowlevel';
import type { Socket } from 'node:dgram';
import { under } from '../cancellable.ts';
import type { WaitOptions } from '../cancellable.ts';
import { checkString, checkWithin } from '../check.ts';
import { node } from '../node.ts';
import { opening } from '../ownership.ts';
import { formatAddress } from './address.ts';
import { lookup } from './lookup.ts';
import { UdpSocket } from './udp-socket.ts';

/** Options for {@link openUdp}. */
export interface OpenUdpOptions extends WaitOptions {
  /** Where to receive, 0 to 65535. Default: one that is free. */
  readonly port?: number | undefined;
  /** An address of this machine, or a name of it. Default: all of them. */
  readonly host?: string | undefined;
  /** The only other end: `send` needs no address, and what comes from elsewhere is not received. */
  readonly remote?: { readonly host: string; readonly port: number } | undefined;
}

/**
 * Opens a UDP socket and waits until it is bound. IPv6 if the address is one. It belongs to the innermost group around.
 *
 * @returns the socket
 * @throws (rejects) Node's error (`EADDRINUSE`, `ENOTFOUND`, …); TypeError, RangeError for arguments; the ambient scope's
 *   CancelledError; `signal.reason`
 * @example
 * await using socket = await openUdp({ remote: { host: '192.0.2.53', port: 53 } });
 * await socket.send(query);
 * const { data } = await timeout(2000, () => socket.receive());
 */
export async function openUdp(options: OpenUdpOptions = {}): Promise<UdpSocket> {
  checkUdpOptions(options);
  const open = async (): Promise<UdpSocket> => {
    const refused = refusalOf('openUdp');
    if (refused !== undefined) return refused;
    const { port = 0, remote } = options;
    const host = await firstAddress(options.host);
    const target = await firstAddress(remote?.host);
    const type = node.net.isIPv6(host ?? target ?? '') ? 'udp6' : 'udp4';
    const socket = node.dgram.createSocket(type);
    socket.on('error', ignore);
    try {
      const name = formatAddress({ host: host ?? '', port });
      await ready(socket, `bind ${name}`, (done) => {
        socket.bind(host === undefined ? { port } : { port, address: host }, done);
      });
      if (remote !== undefined && target !== undefined) {
        await ready(socket, `connect to ${formatAddress(remote)}`, (done) => {
          socket.connect(remote.port, target, done);
        });
      }
    } catch (error) {
      socket.close();
      throw error;
    }
    return new UdpSocket(socket, { isConnected: remote !== undefined });
  };
  return under(options.signal, () => opening('openUdp', open));
}

async function firstAddress(host: string | undefined): Promise<string | undefined> {
  return host === undefined ? undefined : (await lookup(host))[0]?.address;
}

function ready(
  socket: Socket,
  name: string,
  begin: (done: (error?: Error) => void) => void,
): Promise<void> {
  return park<void>(
    (waker) => {
      const failed = (error: Error): void => void waker.fail(error);
      socket.once('error', failed);
      begin((error) => {
        socket.off('error', failed);
        if (error instanceof Object) waker.fail(error);
        else waker.wake();
      });
    },
    { name },
  );
}

function ignore(): void {
  // The next receive throws the error; without a listener it would end the process.
}

function checkUdpOptions(options: unknown): asserts options is OpenUdpOptions {
  checkOptions('openUdp', options);
  const { port, host, remote, signal } = options as OpenUdpOptions;
  if (port !== undefined) checkWithin('openUdp', 'port', port, 0, 65_535);
  if (host !== undefined) checkString('openUdp', 'host', host);
  checkSignal('openUdp', signal);
  if (remote === undefined) return;
  if (typeof remote !== 'object' || (remote as unknown) === null) {
    throw new TypeError(`openUdp: remote is ${show(remote)}; give { host, port }`);
  }
  checkString('openUdp', 'remote.host', remote.host);
  checkWithin('openUdp', 'remote.port', remote.port, 1, 65_535);
}
