import type { EventLoop, Handle } from '@ambit/core';
import type { ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import { node } from '../node.ts';
import type { HttpExchange } from './http-exchange.ts';

/** How long a connection is quiet, in milliseconds, before it counts as idle when the service ends. */
export const QUIET = 100;

/** Above every number of a stream: all that were opened by now, and a little later, are still answered. */
const LAST_STREAM = 2 ** 31 - 1;

/** One connection: what is under way on it, and since when there has been nothing. */
export class HttpConnection {
  readonly socket: Socket;
  readonly exchanges: Set<HttpExchange> = new Set<HttpExchange>();
  readonly #loop: EventLoop;
  /** Of HTTP/2. */
  #session: ServerHttp2Session | undefined;
  #last: HttpExchange | undefined;
  #quietSince: number;
  #bytesThen = 0;
  #isEnding = false;
  /** Speaks another protocol by now. */
  #isUpgraded = false;
  #timer: Handle | undefined;

  constructor(socket: Socket, loop: EventLoop) {
    this.socket = socket;
    this.#loop = loop;
    this.#quietSince = loop.now();
  }

  speakHttp2(session: ServerHttp2Session): void {
    this.#session = session;
    if (this.#isEnding) this.#announceEnd();
  }

  upgraded(): void {
    this.#isUpgraded = true;
    this.retire();
  }

  /** Another takes its place. */
  retire(): void {
    this.#timer?.cancel();
  }

  /** The socket is closed. */
  lost(): void {
    this.#timer?.cancel();
    for (const exchange of this.exchanges) exchange.clientLeft();
  }

  begin(exchange: HttpExchange): void {
    this.exchanges.add(exchange);
    const before = this.#last;
    this.#last = exchange;
    if (!this.#isEnding) return;
    before?.connection.revokeEnd();
    exchange.connection.announceEnd();
  }

  /** The task of a request has ended; its response may still be on its way. */
  end(exchange: HttpExchange): void {
    this.exchanges.delete(exchange);
    if (this.#last === exchange && exchange.response.writableFinished) this.#last = undefined;
    this.#quietSince = this.#loop.now();
    this.#bytesThen = this.socket.bytesRead;
    if (this.#isEnding) this.closeWhenQuiet();
  }

  /** From here on the last response says that the connection will be closed: after it Node sends no other. */
  announceEnd(): void {
    this.#isEnding = true;
    this.#announceEnd();
  }

  #announceEnd(): void {
    const session = this.#session;
    if (session === undefined) this.#last?.connection.announceEnd();
    else if (!session.destroyed && !session.closed)
      session.goaway(node.http2.constants.NGHTTP2_NO_ERROR, LAST_STREAM);
  }

  /** Closes it once nothing is under way, nor has been for a moment. */
  closeWhenQuiet(): void {
    this.#timer?.cancel();
    // A request may end after its connection: there is nothing to close then, and no timer is to stay.
    if (this.socket.destroyed || this.#isUpgraded || this.exchanges.size > 0) return;
    const last = this.#last?.response;
    if (last !== undefined && !last.writableFinished && !last.closed) {
      last.once('close', () => this.closeWhenQuiet());
      return;
    }
    const left = this.#quietSince + QUIET - this.#loop.now();
    const { bytesRead } = this.socket;
    if (left <= 0 && this.#bytesThen === bytesRead) {
      this.#close();
      return;
    }
    if (this.#bytesThen !== bytesRead) {
      // Part of a request: it may have the rest on the way.
      this.#bytesThen = bytesRead;
      this.#quietSince = this.#loop.now();
    }
    this.#timer = this.#loop.callLater(Math.max(left, 1), () => this.closeWhenQuiet());
  }

  #close(): void {
    // Says goodbye, and closes the socket.
    if (this.#session !== undefined) this.#session.close();
    else this.socket.destroy();
  }

  destroy(): void {
    this.#session?.destroy();
    this.socket.destroy();
  }
}
