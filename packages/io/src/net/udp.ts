import { throwIfCancelled } from '@ambit/core';
import { breathe, enter, park } from '@ambit/core/lowlevel';
import type { Waker } from '@ambit/core/lowlevel';
import * as dgram from 'node:dgram';
import type { RemoteInfo, Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { types } from 'node:util';
import { formatAddress } from './address.ts';
import type { TcpAddress } from './address.ts';
import { Pieces } from '../streams/byte-stream.ts';
import { checkSignal, under } from '../cancellable.ts';
import type { WaitOptions } from '../cancellable.ts';
import { checkOptions, checkString, checkWithin, show } from '../check.ts';
import { BusyResourceError, ClosedResourceError } from '../errors.ts';
import { lookup } from './lookup.ts';
import { opening, own } from '../ownership.ts';
import type { Owner } from '../ownership.ts';

/** What came in one packet, and from where. */
export interface Datagram {
  /** The bytes of the packet. */
  readonly data: Uint8Array;
  /** The address of the host. */
  readonly host: string;
  /** The number of the port. */
  readonly port: number;
}

/** What `openUdp` takes. */
export interface OpenUdpOptions extends WaitOptions {
  /** Where to receive, 0 to 65535. Default: one that is free. */
  readonly port?: number | undefined;
  /** An address of this machine, or a name of it. Default: all of them. */
  readonly host?: string | undefined;
  /** The only other end: `send` needs no address, and what comes from elsewhere is not received. */
  readonly remote?: { readonly host: string; readonly port: number } | undefined;
}

/** Datagrams that are kept for a receiver; those that come on top are dropped, as the network would. */
const KEPT = 1024;

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
    enter();
    const { port = 0, remote } = options;
    const host = await firstAddress(options.host);
    const target = await firstAddress(remote?.host);
    const type = isIPv6(host ?? target ?? '') ? 'udp6' : 'udp4';
    const socket = dgram.createSocket(type);
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
    return new UdpSocket(socket, remote !== undefined);
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
  // Told to whoever receives; without a listener it would end the process.
}

/**
 * A UDP socket. Made by `openUdp`.
 *
 * @example
 * for await (const { data, host, port } of socket) await socket.send(data, port, host);
 */
export class UdpSocket implements AsyncDisposable {
  /** Where it receives. */
  readonly address: TcpAddress;
  readonly #socket: Socket;
  readonly #isConnected: boolean;
  readonly #owner: Owner | undefined;
  readonly #arrived: (Datagram | { readonly error: Error })[] = [];
  /** A socket that is closed tells them nothing. */
  readonly #senders = new Set<Waker<void>>();
  #receiver: Waker<void> | undefined;
  #isReceiving = false;
  #isClosed = false;

  /** @internal */
  constructor(socket: Socket, isConnected: boolean) {
    const { address, port } = socket.address();
    this.address = { host: address, port };
    this.#socket = socket;
    this.#isConnected = isConnected;
    socket.on('message', (data, from) => this.#take(datagramOf(data, from)));
    // Nobody listens at the other end, say: the socket goes on.
    socket.on('error', (error) => this.#take({ error }));
    this.#owner = own(this);
  }

  #take(arrival: Datagram | { readonly error: Error }): void {
    if (this.#arrived.length >= KEPT) return;
    this.#arrived.push(arrival);
    const receiver = this.#receiver;
    this.#receiver = undefined;
    receiver?.wake();
  }

  /**
   * Sends one packet, and waits until the system has taken it. It may get lost, come twice, or late: that is UDP.
   * Several may send at a time.
   *
   * @param data - a text is sent as UTF-8
   * @param port - where to; not with `remote`
   * @param host - an address or a name. Default: this machine
   * @throws (rejects) Node's error (`EMSGSIZE`, `ECONNREFUSED`, …); ClosedResourceError, also while this waits; TypeError,
   *   RangeError for arguments; the ambient scope's CancelledError; `signal.reason`
   */
  async send(
    data: Uint8Array | string,
    port?: number,
    host?: string,
    options?: WaitOptions,
  ): Promise<void> {
    this.#checkSend(data, port, host);
    checkOptions('send', options);
    enter(options);
    if (this.#isClosed) throw this.#closed('send');
    const bytes = typeof data === 'string' ? Buffer.from(data) : data;
    await park<void>(
      (waker) => {
        const done = (error: Error | null): void => {
          this.#senders.delete(waker);
          if (error === null) waker.wake();
          else waker.fail(error);
        };
        if (this.#isConnected) this.#socket.send(bytes, done);
        else this.#socket.send(bytes, port as number, host, done);
        this.#senders.add(waker);
        return () => this.#senders.delete(waker);
      },
      { signal: options?.signal, name: () => `send from ${this.#name()}` },
    );
  }

  #checkSend(data: unknown, port: unknown, host: unknown): void {
    if (typeof data !== 'string' && !types.isUint8Array(data)) {
      throw new TypeError(`send: data is ${show(data)}; give a Uint8Array or a string`);
    }
    if (this.#isConnected && (port !== undefined || host !== undefined)) {
      throw new TypeError(
        'send: the socket was opened with a remote end; leave port and host out, or open one without',
      );
    }
    if (!this.#isConnected) checkWithin('send', 'port', port, 1, 65_535);
    if (host !== undefined) checkString('send', 'host', host);
  }

  /**
   * Waits for a packet. Up to 1024 are kept until somebody receives. A receive that is cancelled has taken none.
   *
   * @returns the packet, and where it comes from
   * @throws (rejects) Node's error (`ECONNREFUSED`: nobody listens at the remote end), after which it goes on;
   *   BusyResourceError if a receive is under way; ClosedResourceError, also while this waits; the ambient scope's
   *   CancelledError; `signal.reason`
   */
  async receive(options?: WaitOptions): Promise<Datagram> {
    checkOptions('receive', options);
    enter(options);
    if (this.#isReceiving) throw this.#busy();
    if (this.#isClosed) throw this.#closed('receive');
    this.#isReceiving = true;
    try {
      while (this.#arrived.length === 0) await this.#untilArrival(options);
      const arrival = this.#arrived.shift() as Datagram | { readonly error: Error };
      await breathe();
      if ('error' in arrival) throw arrival.error;
      return arrival;
    } finally {
      this.#isReceiving = false;
    }
  }

  #untilArrival(options: WaitOptions | undefined): Promise<void> {
    return park<void>(
      (waker) => {
        this.#receiver = waker;
        return () => {
          this.#receiver = undefined;
        };
      },
      { signal: options?.signal, name: () => `receive at ${this.#name()}` },
    );
  }

  /**
   * Closes it, and waits until that is done; who waits to receive or to send is woken with a ClosedResourceError. The second
   * time does nothing.
   *
   * @throws (rejects) the ambient scope's CancelledError, once it is closed
   */
  async close(): Promise<void> {
    await this[Symbol.asyncDispose]();
    throwIfCancelled();
  }

  /** As `close`, but leaves it to others to say that the scope is cancelled. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#receiver?.fail(this.#closed('receive'));
    this.#receiver = undefined;
    for (const sender of this.#senders) sender.fail(this.#closed('send'));
    this.#senders.clear();
    await park<void>((waker) => void this.#socket.close(() => waker.wake()), {
      shield: true,
      name: () => `close ${this.#name()}`,
    });
    this.#owner?.release(this);
  }

  /** Packet by packet, as `receive`. Leaving the loop does not close the socket. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Datagram> {
    return new Pieces<Datagram>(this);
  }

  #name(): string {
    return `the UDP socket ${formatAddress(this.address)}`;
  }

  #busy(): BusyResourceError {
    return new BusyResourceError(
      `receive: another receive is under way on ${this.#name()}; let it end before the next begins`,
    );
  }

  #closed(verb: string): ClosedResourceError {
    return new ClosedResourceError(`${verb}: ${this.#name()} is closed`);
  }
}

function datagramOf(data: Uint8Array, { address, port }: RemoteInfo): Datagram {
  return { data, host: address, port };
}

function checkUdpOptions(options: unknown): asserts options is OpenUdpOptions {
  checkOptions('openUdp', options);
  const { port, host, remote, signal } = options as OpenUdpOptions;
  if (port !== undefined) checkWithin('openUdp', 'port', port, 0, 65_535);
  if (host !== undefined) checkString('openUdp', 'host', host);
  checkSignal('openUdp', signal);
  if (remote === undefined) return;
  checkOptions('openUdp', remote);
  checkString('openUdp', 'remote.host', remote.host);
  checkWithin('openUdp', 'remote.port', remote.port, 1, 65_535);
}
