import type { TaskGroup } from '@ambit/core';
import { checkCall, checkFlag, checkOptions, giveTo } from '@ambit/core/lowlevel';
import type { Socket } from 'node:net';
import type { ConnectionOptions, TlsOptions, TLSSocket } from 'node:tls';
import { formatAddress, localOf, remoteOf } from './address.ts';
import type { Address } from './address.ts';
import type { ByteStream } from '../streams/byte-stream.ts';
import { under } from '../cancellable.ts';
import type { WaitOptions } from '../cancellable.ts';
import { NodeByteStream } from '../streams/node-stream.ts';
import { secureClient, secureServer, withHost } from './tls-handshake.ts';

/** What a socket is at its end of the connection. One object serves all the connections of a listener. */
export interface Role {
  readonly isServer: boolean;
  /** The name that was connected to: the other end's certificate is to be for it. */
  readonly host?: string | undefined;
  /** Of a unix socket: where it is. */
  readonly path?: string | undefined;
}

function nameOf(socket: Socket): string | undefined {
  return socket.remoteAddress === undefined ? undefined : formatAddress(remoteOf(socket));
}

/** The outcome of TLS on a connection. */
interface Upgrade<A extends Address> {
  /** What took its place. */
  stream?: SocketStream<A>;
  /** What its handshake failed with. */
  failure?: unknown;
}

/** How to begin TLS. What `isServer` says by default: true at the end that a listener accepted. */
export type StartTlsOptions =
  | (ConnectionOptions & { readonly isServer?: false | undefined })
  | (TlsOptions & { readonly isServer?: true | undefined });

/**
 * A connection, over TCP or a unix socket, with TLS or without. Made by `connectTcp`, `connectUnix` and listeners.
 *
 * @example
 * const stream = await connectTcp({ host: 'example.org', port: 80 });
 * await stream.send('GET / HTTP/1.0\r\n\r\n');
 * for await (const piece of stream) process.stdout.write(piece);
 */
export class SocketStream<A extends Address = Address> implements ByteStream {
  /** Node's own, with TLS a `tls.TLSSocket`. To ask and to tune it; what is read or written past this stream is lost to it. */
  readonly socket: Socket;
  readonly #role: Role;
  readonly #stream: NodeByteStream;
  /** Asked for at once: a socket that has closed does not know it any more. */
  readonly #name: string;
  /** Set once TLS has it. */
  #upgrade: Upgrade<A> | undefined = undefined;

  /** @internal */
  constructor(socket: Socket, role: Role, ownership?: 'unowned') {
    this.socket = socket;
    this.#role = role;
    this.#name = role.path ?? nameOf(socket) ?? role.host ?? 'an unknown address';
    const kind = 'encrypted' in socket ? 'secure' : 'plain';
    const parts = { label: this, readable: socket, writable: socket, socket: kind } as const;
    this.#stream = new NodeByteStream(parts, ownership);
  }

  /** @internal The other end's address, as a task is named after it. */
  get _peer(): string {
    return this.#name;
  }

  /** How it is called in messages: `the connection to 127.0.0.1:80`. */
  get label(): string {
    if (!this.#role.isServer) return `the connection to ${this.#name}`;
    return this.#role.path === undefined
      ? `the connection from ${this.#name}`
      : `a connection at ${this.#name}`;
  }

  /** The address of this end. */
  get localAddress(): A {
    return this._addressOf('server', localOf);
  }

  /** The address of the other end. */
  get remoteAddress(): A {
    return this._addressOf('client', remoteOf);
  }

  /** Of a Unix socket only the end of its `named` role has a path. */
  private _addressOf(named: 'server' | 'client', ask: (socket: Socket) => Address): A {
    const { path, isServer } = this.#role;
    const isNamed = isServer === (named === 'server');
    return (path === undefined ? ask(this.socket) : { path: isNamed ? path : '' }) as A;
  }

  receive(max?: number, options?: WaitOptions): Promise<Uint8Array | undefined> {
    return this.#stream.receive(max, options);
  }

  send(data: Uint8Array | string, options?: WaitOptions): Promise<void> {
    return this.#stream.send(data, options);
  }

  sendEof(options?: WaitOptions): Promise<void> {
    return this.#stream.sendEof(options);
  }

  /**
   * Goes on with TLS: does the handshake, and returns a stream that replaces this one. This one is closed then.
   * The new one belongs to the group around this call. If the handshake fails or is cancelled the connection is closed:
   * it is neither of the two any more.
   *
   * @param options - those of `tls.connect`; at the server's end those of `tls.createServer`, with `key` and `cert`. By
   *   default the certificate is to be for the host that was connected to
   * @returns the stream, once the handshake is done
   * @throws (rejects) Node's error, such as `ERR_TLS_CERT_ALTNAME_INVALID`; BusyResourceError while a receive or a send
   *   waits; ClosedResourceError; the ambient scope's CancelledError; `signal.reason`
   * @example
   * await stream.send('STARTTLS\r\n');
   * await lines.readLine();
   * const secure = await stream.startTls({ ca });
   */
  async startTls(options: StartTlsOptions = {}, wait?: WaitOptions): Promise<SocketStream<A>> {
    checkOptions('startTls', options);
    checkFlag('startTls', 'isServer', options.isServer);
    checkCall('startTls', wait);
    return under(wait?.signal, async () => {
      const { isServer = this.#role.isServer, ...rest } = options;
      const secure = await this._shakeHands(isServer ? 'server' : 'client', rest);
      const stream = new SocketStream<A>(secure, this.#role);
      this.#upgrade = { stream };
      return stream;
    });
  }

  private async _shakeHands(
    end: 'server' | 'client',
    options: StartTlsOptions,
  ): Promise<TLSSocket> {
    const handOver = (): void => {
      this.#stream._handOver();
      this.#upgrade = {};
    };
    try {
      const peer = { name: this.#name, handOver };
      if (end === 'server') return await secureServer(this.socket, options as TlsOptions, peer);
      const withName = withHost(options as ConnectionOptions, this.#role.host);
      return await secureClient(this.socket, withName, peer);
    } catch (error) {
      if (this.#upgrade !== undefined) this.#upgrade.failure = error;
      throw error;
    }
  }

  /** @internal Whether an error says that this connection broke, also under TLS, and nothing else. */
  _isFailure(error: unknown): boolean {
    if (error === undefined) return false;
    return (
      error === this.#upgrade?.failure ||
      this.#stream._isFailure(error) ||
      this.#upgrade?.stream?._isFailure(error) === true
    );
  }

  close(): Promise<void> {
    return this.#stream.close();
  }

  destroy(): void {
    this.#stream.destroy();
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<Uint8Array> {
    return this.#stream[Symbol.asyncIterator]();
  }

  /** @internal See {@link Pieces}. */
  _interrupt(): void {
    this.#stream._interrupt();
  }

  /** @internal */
  [giveTo](group: TaskGroup): void {
    this.#stream[giveTo](group);
  }

  /** @internal Whether a group closes it: at the end of a service, not the service does. */
  get _isOwned(): boolean {
    return this.#stream._isOwned;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stream[Symbol.asyncDispose]();
  }
}
