import type { TaskGroup } from '@ambit/core';
import {
  checkDuration,
  checkOptions,
  currentLoop,
  giveTo,
  ParkingLot,
  throwIfCancelled,
  refusalOf,
} from '@ambit/core/lowlevel';
import type { Server, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { formatAddress } from './address.ts';
import type { Address } from './address.ts';
import { under } from '../cancellable.ts';
import type { WaitOptions } from '../cancellable.ts';
import { BusyResourceError, ClosedResourceError, codeOf } from '../errors.ts';
import { opening, own } from '../ownership.ts';
import { checkServe, Service } from './service.ts';
import type { ConnectionHandler, ServeOptions } from './service.ts';
import { SocketStream } from './socket-stream.ts';
import type { Role } from './socket-stream.ts';
import { established } from './tls-handshake.ts';
import type { UnixPath } from './unix-path.ts';
import { WaitingRoom } from './waiting-room.ts';

/** Options for `listener.close`. */
export interface CloseListenerOptions {
  /** Milliseconds that the handlers of `serve` have to finish; then they are cancelled. Default: 0. */
  readonly grace?: number | undefined;
}

/** Errors of the system that pass: it is short of something that connections which end give back. */
const PASSING = new Set(['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'ECONNABORTED']);
/** Milliseconds of pause after one. */
const PAUSE = 100;

/**
 * Accepts connections. Made by `listenTcp` and `listenUnix`.
 *
 * @example
 * await using listener = await listenTcp({ port: 7 });
 * await listener.serve(async (stream) => {
 *   for await (const piece of stream) await stream.send(piece);
 * });
 */
export class Listener<A extends Address = Address> implements AsyncDisposable {
  /** Where it listens; with port 0, the port that the system gave. */
  readonly address: A;
  readonly #server: Server;
  readonly #file: UnixPath | undefined;
  readonly #role: Role;
  readonly #holding = own(this);
  readonly #loop: ReturnType<typeof currentLoop> = currentLoop();
  /** Connections that no call has asked for yet. */
  readonly #arrived = new WaitingRoom();
  readonly #acceptors = new ParkingLot<Socket>();
  readonly #handshakes = new Set<Socket>();
  #service: Service | undefined;
  #pause: { cancel(): void } | undefined;
  #isClosed = false;
  #failure: Error | undefined;

  /** @internal */
  constructor(server: Server, address: A, file?: UnixPath) {
    this.#server = server;
    this.address = address;
    this.#file = file;
    this.#role = 'path' in address ? { isServer: true, path: address.path } : { isServer: true };
    server.removeAllListeners('error').on('error', (error) => this.#failed(error));
    if ('setSecureContext' in server) this.#listenForHandshakes();
    else server.on('connection', (socket) => this.#connected(socket));
  }

  #listenForHandshakes(): void {
    this.#server.on('connection', (raw: Socket) => {
      this.#handshakes.add(raw);
      raw.once('close', () => this.#handshakes.delete(raw));
    });
    this.#server.on('secureConnection', (socket: TLSSocket & { readonly _parent?: Socket }) => {
      if (socket._parent !== undefined) this.#handshakes.delete(socket._parent);
      established(socket);
      this.#connected(socket);
    });
    // One that fails does not stop the others; the server's code may want to know.
    this.#server.on('tlsClientError', (error) => this.#service?.handshakeFailed(error));
  }

  #connected(socket: Socket): void {
    if (this.#isClosed) {
      socket.destroy();
      return;
    }
    const isFirst = this.#pause === undefined && this.#arrived.size === 0;
    if (isFirst && this.#acceptors.unpark(1, socket) > 0) return;
    this.#arrived.add(socket);
  }

  #handOut(): void {
    while (this.#acceptors.head !== undefined) {
      const socket = this.#arrived.take();
      if (socket === undefined) return;
      this.#acceptors.unpark(1, socket);
    }
  }

  #failed(error: Error): void {
    if (!PASSING.has(codeOf(error) ?? '')) {
      this.#failure = error;
      this._stop();
      return;
    }
    if (this.#pause !== undefined) return;
    process.emitWarning(
      `the listener on ${formatAddress(this.address)} cannot accept now, and goes on in ${PAUSE} ms: ${error.message}`,
      { type: 'AcceptWarning', code: codeOf(error) ?? '' },
    );
    this.#pause = this.#loop.callLater(PAUSE, () => {
      this.#pause = undefined;
      this.#handOut();
    });
  }

  /**
   * Waits for a connection. It belongs to the innermost group around this call. With TLS, its handshake is done. Several may
   * wait; they get connections in turn.
   *
   * @returns the connection
   * @throws (rejects) ClosedResourceError if the listener is closed, also meanwhile; Node's error if it broke;
   *   BusyResourceError while `serve` runs; the ambient scope's CancelledError; `signal.reason`
   */
  async accept(options?: WaitOptions): Promise<SocketStream<A>> {
    const refused = refusalOf('accept', options);
    if (refused !== undefined) return refused;
    // The service of a listener that is closed is over, or about to be.
    if (this.#service !== undefined && !this.#isClosed) throw this.#busy('accept');
    return opening(
      'accept',
      async () => new SocketStream<A>(await this._next(options), this.#role),
    );
  }

  /** @internal */
  async _next(options?: WaitOptions): Promise<Socket> {
    if (this.#isClosed) throw this.#failure ?? this.#closed();
    const arrived = this.#pause === undefined ? this.#arrived.take() : undefined;
    if (arrived !== undefined) return arrived;
    return this.#acceptors.park({
      signal: options?.signal,
      name: () => `accept on ${formatAddress(this.address)}`,
    });
  }

  /** @internal A connection of the service, which sees to its end. */
  _streamOf(socket: Socket): SocketStream<A> {
    return new SocketStream<A>(socket, this.#role, 'unowned');
  }

  /**
   * Serves: each connection is a task, named after the address of the other end, in which the handler runs. What the
   * handler opens is closed with it, and so is its stream: by force if the handler failed or was cancelled. Runs until it
   * is cancelled, until `close()`, or until its scope drains, which both end it well. The listener is closed at its end.
   *
   * @param handler - called for each connection
   * @param options - `limit`: how many connections are served at a time, the others wait, and are dropped if their clients
   *   leave before their turn; `onError`: gets what a handler throws, and what a TLS handshake fails with; `grace`:
   *   milliseconds that the handlers have to finish once this is cancelled, default 0, or its scope drains, default no limit
   * @throws (rejects) without `onError` the first error of a handler, which cancels the others, unless it says no more than
   *   that its own connection broke: that ends the connection and nothing else; what `onError` throws; Node's error if the
   *   listener broke; BusyResourceError if it serves already; ClosedResourceError; the ambient scope's CancelledError;
   *   `signal.reason`
   * @example
   * await listener.serve((stream) => pipe(stream, stream), { limit: 1000, onError: console.error });
   */
  async serve(handler: ConnectionHandler<A>, options: ServeOptions<A> = {}): Promise<void> {
    checkServe(handler, options);
    return under(options.signal, async () => {
      const refused = refusalOf('serve');
      if (refused !== undefined) return refused;
      if (this.#isClosed) throw this.#failure ?? this.#closed();
      if (this.#service !== undefined) throw this.#busy('serve');
      const service = new Service(this, handler as ConnectionHandler, options as ServeOptions);
      this.#service = service;
      try {
        await service.run();
      } finally {
        this._stop();
      }
      if (this.#failure !== undefined) throw this.#failure;
      throwIfCancelled();
    });
  }

  /**
   * Stops accepting, lets the handlers of `serve` finish for a time, then cancels them, and waits until all is over.
   * Connections that were not accepted are dropped; accepted ones are the caller's. A handler may call it: then this does
   * not wait, for it would wait for itself. In a cancelled scope there is no grace. May be called again: the
   * shortest grace counts.
   *
   * @throws (rejects) the ambient scope's CancelledError, once it is closed; RangeError
   */
  async close(options?: CloseListenerOptions): Promise<void> {
    checkOptions('close', options);
    const { grace = 0 } = options ?? {};
    checkDuration('close', 'grace', grace);
    await this.#close(grace);
    throwIfCancelled();
  }

  /** @internal */
  [giveTo](group: TaskGroup): void {
    this.#holding.moveTo(group);
  }

  /** As `close()`, but leaves it to others to say that the scope is cancelled. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#close(0);
  }

  async #close(grace: number): Promise<void> {
    this._stop();
    this.#service?.stop(grace);
    await this.#service?.untilOver();
  }

  /** @internal No more connections. */
  _stop(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#pause?.cancel();
    this.#file?.release();
    this.#server.close();
    this.#arrived.clear();
    for (const socket of this.#handshakes) socket.destroy();
    for (let place = this.#acceptors.head; place !== undefined; place = this.#acceptors.head) {
      place.fail(this.#failure ?? this.#closed());
    }
    this.#holding.release();
  }

  #closed(): ClosedResourceError {
    return new ClosedResourceError(`the listener on ${formatAddress(this.address)} is closed`);
  }

  #busy(verb: string): BusyResourceError {
    return new BusyResourceError(
      `${verb}: serve() is under way on the listener on ${formatAddress(this.address)}; let it end before`,
    );
  }
}
