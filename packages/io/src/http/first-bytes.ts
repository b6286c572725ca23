import type { EventLoop } from '@ambit/core';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { AnyServer } from './http-server.ts';

/** Node's parser, which calls a function at the first byte of each message: Node leaves its place empty, and documents none of it. */
interface Parser {
  [event: number]: unknown;
  readonly constructor: { readonly kOnMessageBegin?: number };
}

/** When the first byte of each request of a server came. HTTP/2 and other runtimes than Node do not tell. */
export class FirstBytes {
  readonly #server: AnyServer;
  readonly #loop: EventLoop;
  readonly #instants = new WeakMap<Socket, number>();

  constructor(server: AnyServer, loop: EventLoop) {
    this.#server = server;
    this.#loop = loop;
  }

  watch(): void {
    // After Node's own listener, which gives the socket its parser.
    for (const event of arrivals) this.#server.on(event, this.#onSocket);
  }

  unwatch(): void {
    for (const event of arrivals) this.#server.off(event, this.#onSocket);
  }

  /** Milliseconds since that of a request; 0 where it is not known. */
  since(request: IncomingMessage): number {
    const instant = this.#instants.get(request.socket);
    return instant === undefined ? 0 : this.#loop.now() - instant;
  }

  readonly #onSocket = (socket: Socket & { readonly parser?: Parser | null }): void => {
    const parser = socket.parser ?? undefined;
    const place = parser?.constructor.kOnMessageBegin;
    if (parser === undefined || place === undefined) return;
    const begun = (): void => {
      this.#instants.set(socket, this.#loop.now());
    };
    parser[place] = begun;
    // Node uses its parsers again, for other servers and for clients, too.
    socket.once('close', () => {
      if (parser[place] === begun) parser[place] = null;
    });
  };
}

const arrivals = ['connection', 'secureConnection'];
