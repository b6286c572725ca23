import type { EventLoop } from '@ambit/core';
import type { IncomingMessage } from 'node:http';
import type { ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import { HttpConnection } from './http-connection.ts';
import type { HttpExchange } from './http-exchange.ts';
import type { AnyServer } from './http-server.ts';

/** The connections of a server: those that are in use, and their end. */
export class HttpConnections {
  readonly #server: AnyServer;
  readonly #loop: EventLoop;
  readonly #open = new Map<Socket, HttpConnection>();
  readonly #sessions = new WeakMap<ServerHttp2Session, HttpConnection>();
  /** The last that came: Node tells of a session of HTTP/2 while it tells of its socket. */
  #newest: HttpConnection | undefined;
  #isEnding = false;
  /** The number of connections that there have been. */
  seen = 0;

  constructor(server: AnyServer, loop: EventLoop) {
    this.#server = server;
    this.#loop = loop;
  }

  get size(): number {
    return this.#open.size;
  }

  /** The requests that are at work. */
  *exchanges(): Iterable<HttpExchange> {
    for (const connection of this.#open.values()) yield* connection.exchanges;
  }

  watch(): void {
    this.#server.prependListener('connection', this.#onSocket);
    this.#server.prependListener('secureConnection', this.#onSecure);
    this.#server.on('session', this.#onSession).on('newListener', this.#onNewListener);
    // A listener of ours alone would make Node take every request to upgrade for an upgrade.
    for (const event of upgrades) {
      if (this.#server.listenerCount(event) > 0)
        this.#server.prependListener(event, this.#onUpgrade);
    }
  }

  unwatch(): void {
    this.#server.off('connection', this.#onSocket).off('secureConnection', this.#onSecure);
    this.#server.off('session', this.#onSession).off('newListener', this.#onNewListener);
    for (const event of upgrades) this.#server.off(event, this.#onUpgrade);
  }

  // Over TLS too: one that never shakes hands is idle.
  readonly #onSocket = (socket: Socket): void => {
    this.seen += 1;
    this.#track(socket);
  };

  /** Over TLS the requests come from another socket, made of the first. */
  readonly #onSecure = (socket: Socket & { readonly _parent?: Socket }): void => {
    const raw = socket._parent;
    if (raw !== undefined) this.#forget(raw);
    this.#track(socket);
  };

  readonly #onSession = (session: ServerHttp2Session): void => {
    const connection = this.#newest;
    if (connection === undefined) return;
    this.#sessions.set(session, connection);
    connection.speakHttp2(session);
  };

  readonly #onNewListener = (event: string): void => {
    if (!upgrades.includes(event) || this.#server.listeners(event).includes(this.#onUpgrade))
      return;
    this.#server.off('newListener', this.#onNewListener);
    this.#server.on(event, this.#onUpgrade).on('newListener', this.#onNewListener);
  };

  readonly #onUpgrade = (request: IncomingMessage): void => this.#of(request).upgraded();

  #of(request: IncomingMessage): HttpConnection {
    const session = sessionOf(request);
    const known = session === undefined ? undefined : this.#sessions.get(session);
    // One that is older than our watch is first seen with a request.
    return known ?? this.#open.get(request.socket) ?? this.#meet(request.socket, session);
  }

  #meet(socket: Socket, session: ServerHttp2Session | undefined): HttpConnection {
    const connection = this.#track(socket);
    if (session !== undefined) this.#onSession(session);
    return connection;
  }

  #track(socket: Socket): HttpConnection {
    const connection = new HttpConnection(socket, this.#loop);
    this.#newest = connection;
    this.#open.set(socket, connection);
    socket.once('close', () => {
      this.#forget(socket);
      connection.lost();
    });
    if (this.#isEnding) {
      connection.announceEnd();
      connection.closeWhenQuiet();
    }
    return connection;
  }

  #forget(socket: Socket): void {
    const connection = this.#open.get(socket);
    this.#open.delete(socket);
    if (this.#newest === connection) this.#newest = undefined;
    connection?.retire();
  }

  /** Which connection a request came on; asked for once: a request that is destroyed does not know it any more. */
  begin(exchange: HttpExchange): HttpConnection {
    const connection = this.#of(exchange.request);
    connection.begin(exchange);
    return connection;
  }

  announceEnd(): void {
    this.#isEnding = true;
    for (const connection of this.#open.values()) connection.announceEnd();
  }

  /** Closes what is idle, now and whenever another becomes idle. */
  closeIdle(): void {
    for (const connection of [...this.#open.values()]) connection.closeWhenQuiet();
  }

  /** Closes all, also those with a request under way. */
  destroy(): void {
    // Those that are older than our watch are known to Node alone.
    if ('closeAllConnections' in this.#server) this.#server.closeAllConnections();
    for (const connection of [...this.#open.values()]) connection.destroy();
  }
}

const upgrades: readonly string[] = ['upgrade', 'connect'];

function sessionOf(request: IncomingMessage): ServerHttp2Session | undefined {
  return (request as { stream?: { session?: ServerHttp2Session } }).stream?.session;
}
