import type { TaskGroup } from '@ambit/core';
import { giveTo, park, throwIfCancelled, yieldIfDue, refusalOf } from '@ambit/core/lowlevel';
import type { Waker } from '@ambit/core/lowlevel';
import type { RemoteInfo, Socket } from 'node:dgram';
import type { WaitOptions } from '../cancellable.ts';
import { checkString, checkWithin } from '../check.ts';
import { BusyResourceError, ClosedResourceError } from '../errors.ts';
import { own } from '../ownership.ts';
import type { Holding } from '../ownership.ts';
import { INTERRUPTED, Pieces } from '../pieces.ts';
import { checkData } from '../streams/byte-stream.ts';
import { formatAddress } from './address.ts';
import type { TcpAddress } from './address.ts';

/** What came in one packet, and from where. */
export interface Datagram {
  /** The bytes of the packet. */
  readonly data: Uint8Array;
  /** The address of the host. */
  readonly host: string;
  /** The number of the port. */
  readonly port: number;
}

/** Datagrams that are kept for a receiver; those that come on top are dropped, as the network would. */
const KEPT = 1024;

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
  readonly #holding: Holding;
  readonly #arrived: (Datagram | { readonly error: Error })[] = [];
  /** A socket that is closed tells them nothing. */
  readonly #senders = new Set<Waker<void>>();
  #receiver: Waker<void> | undefined;
  #isReceiving = false;
  #isClosed = false;

  /** @internal */
  constructor(socket: Socket, { isConnected }: { readonly isConnected: boolean }) {
    const { address, port } = socket.address();
    this.address = { host: address, port };
    this.#socket = socket;
    this.#isConnected = isConnected;
    socket.on('message', (data, from) => this.#take(datagramOf(data, from)));
    // For example, no process listens at the other end: the socket goes on.
    socket.on('error', (error) => this.#take({ error }));
    this.#holding = own(this);
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
  // eslint-disable-next-line max-params -- public: data, port and host as in node:dgram
  async send(
    data: Uint8Array | string,
    port?: number,
    host?: string,
    options?: WaitOptions,
  ): Promise<void> {
    this.#checkSend(data, port, host);
    const refused = refusalOf('send', options);
    if (refused !== undefined) return refused;
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
    checkData(data);
    if (this.#isConnected && (port !== undefined || host !== undefined)) {
      throw new TypeError(
        'send: the socket was opened with a remote end; leave port and host out, or open one without',
      );
    }
    if (!this.#isConnected) checkWithin('send', 'port', port, 1, 65_535);
    if (host !== undefined) checkString('send', 'host', host);
  }

  /**
   * Waits for a packet. Up to 1024 are kept until a call receives them. A receive that is cancelled has taken none.
   *
   * @returns the packet, and where it comes from
   * @throws (rejects) Node's error (`ECONNREFUSED`: no process listens at the remote end), after which it goes on;
   *   BusyResourceError if a receive is under way; ClosedResourceError, also while this waits; the ambient scope's
   *   CancelledError; `signal.reason`
   */
  async receive(options?: WaitOptions): Promise<Datagram> {
    const refused = refusalOf('receive', options);
    if (refused !== undefined) return refused;
    if (this.#isClosed) throw this.#closed('receive');
    if (this.#isReceiving) throw this.#busy();
    while (this.#arrived.length === 0) await this.#untilArrival(options);
    const arrival = this.#arrived.shift() as Datagram | { readonly error: Error };
    await yieldIfDue();
    if ('error' in arrival) throw arrival.error;
    return arrival;
  }

  // One that is cancelled has left at once, whenever its caller goes on.
  async #untilArrival(options: WaitOptions | undefined): Promise<void> {
    await park<void>(
      (waker) => {
        this.#receiver = waker;
        this.#isReceiving = true;
        return () => {
          this.#receiver = undefined;
          this.#isReceiving = false;
        };
      },
      { signal: options?.signal, name: () => `receive at ${this.#name()}` },
    );
    this.#isReceiving = false;
  }

  /**
   * Closes it, and waits until that is done; calls that wait to receive or to send get a ClosedResourceError. The second
   * time does nothing.
   *
   * @throws (rejects) the ambient scope's CancelledError, once it is closed
   */
  async close(): Promise<void> {
    await this[Symbol.asyncDispose]();
    throwIfCancelled();
  }

  /** @internal */
  [giveTo](group: TaskGroup): void {
    this.#holding.moveTo(group);
  }

  /** As `close`, but leaves it to others to say that the scope is cancelled. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#failReceiver(this.#closed('receive'));
    for (const sender of this.#senders) sender.fail(this.#closed('send'));
    this.#senders.clear();
    await park<void>((waker) => void this.#socket.close(() => waker.wake()), {
      shield: true,
      name: () => `close ${this.#name()}`,
    });
    this.#holding.release();
  }

  /**
   * Packet by packet, as `receive`. Leaving the loop does not close the socket; `return()` ends a `next()` that waits,
   * which takes none.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<Datagram> {
    return new Pieces<Datagram>({
      receive: () => this.receive(),
      _interrupt: () => this.#failReceiver(INTERRUPTED),
    });
  }

  #failReceiver(error: unknown): void {
    const receiver = this.#receiver;
    if (receiver === undefined) return;
    this.#receiver = undefined;
    this.#isReceiving = false;
    receiver.fail(error);
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
