import type { EventLoop, Handle } from '@ambit/core';
import type { Server as HttpServer, IncomingMessage } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { HttpExchange } from './http-exchange.ts';

/** How long a connection is quiet, in milliseconds, before it counts as idle when the service ends. */
export const QUIET = 100;

/** One connection: what is under way on it, and since when there has been nothing. */
interface Connection {
  readonly socket: Socket;
  readonly exchanges: Set<HttpExchange>;
  last: HttpExchange | undefined;
  quietSince: number;
  bytesThen: number;
  /** Speaks another protocol by now. */
  isUpgraded: boolean;
  timer: Handle | undefined;
}

/** The connections of a server: who of them is in use, and their end. */
export class HttpConnections {
  readonly #server: HttpServer | HttpsServer;
  readonly #loop: EventLoop;
  readonly #open = new Map<Socket, Connection>();
  /** With those of TLS that have not shaken hands yet. */
  readonly #sockets = new Set<Socket>();
  #isEnding = false;
  /** How many connections there have been. */
  seen = 0;

  constructor(server: HttpServer | HttpsServer, loop: EventLoop) {
    this.#server = server;
    this.#loop = loop;
  }

  get size(): number {
    return this.#sockets.size;
  }

  watch(): void {
    this.#server.on('connection', this.#onSocket).on('secureConnection', this.#onSecure);
    this.#server.on('newListener', this.#onNewListener);
    // A listener of ours alone would make Node take every request to upgrade for an upgrade.
    for (const event of upgrades) {
      if (this.#server.listenerCount(event) > 0)
        this.#server.prependListener(event, this.#onUpgrade);
    }
  }

  unwatch(): void {
    this.#server.off('connection', this.#onSocket).off('secureConnection', this.#onSecure);
    this.#server.off('newListener', this.#onNewListener);
    for (const event of upgrades) this.#server.off(event, this.#onUpgrade);
  }

  readonly #onSocket = (socket: Socket): void => {
    this.seen += 1;
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    // Over TLS the requests come from another one, made of this.
    if (!isSecure(this.#server)) this.#track(socket);
  };

  readonly #onSecure = (socket: Socket): void => void this.#track(socket);

  readonly #onNewListener = (event: string): void => {
    if (!upgrades.includes(event) || this.#server.listeners(event).includes(this.#onUpgrade))
      return;
    this.#server.off('newListener', this.#onNewListener);
    this.#server.on(event, this.#onUpgrade).on('newListener', this.#onNewListener);
  };

  readonly #onUpgrade = (request: IncomingMessage): void => {
    const connection = this.#connectionOf(request.socket);
    connection.isUpgraded = true;
    connection.timer?.cancel();
  };

  #connectionOf(socket: Socket): Connection {
    // One that is older than our watch is first seen with a request.
    return this.#open.get(socket) ?? this.#track(socket);
  }

  #track(socket: Socket): Connection {
    const connection: Connection = {
      socket,
      exchanges: new Set(),
      last: undefined,
      quietSince: this.#loop.now(),
      bytesThen: 0,
      isUpgraded: false,
      timer: undefined,
    };
    this.#open.set(socket, connection);
    socket.once('close', () => this.#lost(connection));
    if (this.#isEnding) this.#closeWhenQuiet(connection);
    return connection;
  }

  // Not the 'close' of each response: one that waits for others before it, pipelined, is never told.
  #lost(connection: Connection): void {
    connection.timer?.cancel();
    this.#open.delete(connection.socket);
    for (const exchange of connection.exchanges) exchange.clientLeft();
  }

  begin(exchange: HttpExchange): void {
    const connection = this.#connectionOf(exchange.request.socket);
    connection.exchanges.add(exchange);
    const before = connection.last;
    connection.last = exchange;
    if (!this.#isEnding) return;
    before?.revokeEnd();
    exchange.announceEnd();
  }

  /** The task of a request has ended; its response may still be on its way. */
  end(exchange: HttpExchange): void {
    const connection = this.#open.get(exchange.request.socket);
    if (connection === undefined) return;
    connection.exchanges.delete(exchange);
    connection.quietSince = this.#loop.now();
    connection.bytesThen = connection.socket.bytesRead;
    if (this.#isEnding) this.#closeWhenQuiet(connection);
  }

  /** From here on the last response of a connection says that this will be closed: after it Node sends no other. */
  announceEnd(): void {
    this.#isEnding = true;
    for (const { last } of this.#open.values()) last?.announceEnd();
  }

  /** Closes what is idle, now and whenever another becomes idle. */
  closeIdle(): void {
    for (const connection of [...this.#open.values()]) this.#closeWhenQuiet(connection);
  }

  #closeWhenQuiet(connection: Connection): void {
    connection.timer?.cancel();
    if (connection.isUpgraded || connection.exchanges.size > 0) return;
    const { last, socket } = connection;
    if (last !== undefined && !last.response.writableFinished) {
      last.response.once('close', () => this.#closeWhenQuiet(connection));
      return;
    }
    const left = connection.quietSince + QUIET - this.#loop.now();
    if (left <= 0 && connection.bytesThen === socket.bytesRead) {
      socket.destroy();
      return;
    }
    if (connection.bytesThen !== socket.bytesRead) {
      // Part of a request: it may have the rest on the way.
      connection.bytesThen = socket.bytesRead;
      connection.quietSince = this.#loop.now();
    }
    connection.timer = this.#loop.callLater(Math.max(left, 1), () =>
      this.#closeWhenQuiet(connection),
    );
  }

  /** Closes all, whatever is under way. */
  destroy(): void {
    // Those that are older than our watch are known to Node alone.
    this.#server.closeAllConnections();
    for (const socket of this.#open.keys()) socket.destroy();
    for (const socket of this.#sockets) socket.destroy();
  }
}

const upgrades: readonly string[] = ['upgrade', 'connect'];

function isSecure(server: HttpServer | HttpsServer): server is HttpsServer {
  return 'setSecureContext' in server;
}
