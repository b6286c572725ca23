import { contextSnapshot, moveOnAfter, shield, sleep, TaskGroup, yieldNow } from '@ambit/core';
import { currentLoop, park } from '@ambit/core/lowlevel';
import type { Waker } from '@ambit/core/lowlevel';
import type { Server as HttpServer, IncomingMessage, ServerResponse } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import type { WaitOptions } from '../cancellable.ts';
import { ClosedResourceError, codeOf } from '../errors.ts';
import { HttpConnections, QUIET } from './http-connections.ts';
import { HttpExchange } from './http-exchange.ts';
import type { HttpHandler, OnHttpError } from './http-exchange.ts';

/** Where a server listens. At a path instead of a port: the path as `host`, and port 0. */
export interface HttpAddress {
  /** The address of the host. */
  readonly host: string;
  /** The number of the port. */
  readonly port: number;
}

/** What `serveHttp` takes. */
export interface HttpServiceOptions extends WaitOptions {
  readonly port?: number | undefined;
  readonly host?: string | undefined;
  readonly grace?: number | undefined;
  readonly onError?: OnHttpError | undefined;
  readonly onListening?: ((address: HttpAddress) => void) | undefined;
}

type AnyServer = HttpServer | HttpsServer;
type Listener = (this: AnyServer, request: IncomingMessage, response: ServerResponse) => unknown;

/** By what Node tells of a request; by the latter two only if somebody listens, when a client asks before it sends the body. */
const requestEvents: readonly string[] = ['request', 'checkContinue', 'checkExpectation'];

/** Those who answered the requests of an event before, and who does now. */
interface Door {
  readonly event: string;
  readonly listeners: readonly Listener[];
  readonly ours: Listener;
}

/** What accepting may fail with while others hold what is short. Node goes on by itself. */
const passing = new Set(['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM']);

/** Starts to listen; Node's own error if that fails. */
export function listen(server: AnyServer, options: HttpServiceOptions): Promise<void> {
  const { port, host, signal } = options;
  return park<void>(
    (waker) => {
      const forget = (): void => {
        server.off('listening', listening).off('error', failed);
      };
      const listening = (): void => {
        forget();
        // Cancelled while the name of the host was looked up.
        if (!waker.wake()) server.close();
      };
      const failed = (error: Error): void => {
        forget();
        waker.fail(error);
      };
      server.on('listening', listening).on('error', failed).listen({ port, host });
      return () => {
        if (!server.listening) return;
        forget();
        server.close();
      };
    },
    { signal, name: `listen at ${host ?? '*'}:${port}` },
  );
}

/** A server that listens, at work: requests are tasks until the caller is cancelled; then it is closed. */
export class HttpService {
  readonly #server: AnyServer;
  readonly #options: HttpServiceOptions;
  readonly #connections: HttpConnections;
  /** Out of reach of what stops the service: requests are cancelled once their grace is over. */
  readonly #requests = new TaskGroup({ name: 'HTTP requests', shield: true });
  readonly #address: HttpAddress;
  readonly #doors: readonly Door[];
  /** Where requests run, if not in the context in which they come. */
  readonly #inContext: (<R>(fn: () => R) => R) | undefined;
  #waiter: Waker<never> | undefined;
  #isStopping = false;
  #isClosed = false;
  #closing: Waker<void> | undefined;

  /** No `handler`: its listeners. `isForeign`: it began to listen in another context. */
  constructor(
    server: AnyServer,
    handler: HttpHandler | undefined,
    options: HttpServiceOptions,
    isForeign: boolean,
  ) {
    this.#server = server;
    this.#options = options;
    // Requests come in the context of the call that made the server listen, with what instrumentation adds for each.
    this.#inContext = isForeign ? contextSnapshot() : undefined;
    this.#doors = requestEvents
      .filter((event) => event === 'request' || server.listenerCount(event) > 0)
      .map((event) => this.#door(event, handler));
    this.#connections = new HttpConnections(server, currentLoop());
    this.#address = addressOf(server);
  }

  async run(): Promise<never> {
    this.#takeOver();
    try {
      this.#options.onListening?.(this.#address);
      // Only a cancellation or an error ends this.
      return await park<never>((waker) => void (this.#waiter = waker), {
        signal: this.#options.signal,
        name: `serve ${this.#label()}`,
      });
    } finally {
      await shield(() => this.#shutDown());
    }
  }

  #door(event: string, given: HttpHandler | undefined): Door {
    const listeners = this.#server.rawListeners(event) as Listener[];
    const handler = given ?? ((...args) => this.#callListeners(listeners, ...args));
    const begin = (request: IncomingMessage, response: ServerResponse): void =>
      this.#begin(request, response, handler);
    const inContext = this.#inContext;
    const ours: Listener =
      inContext === undefined ? begin : (...args) => inContext(() => begin(...args));
    return { event, listeners, ours };
  }

  #takeOver(): void {
    for (const { event, listeners, ours } of this.#doors) {
      for (const listener of listeners) this.#server.off(event, listener);
      this.#server.on(event, ours);
    }
    this.#server.on('error', this.#onError).on('close', this.#onClose);
    this.#connections.watch();
  }

  #handBack(): void {
    this.#connections.unwatch();
    this.#server.off('error', this.#onError).off('close', this.#onClose);
    for (const { event, listeners, ours } of this.#doors) {
      this.#server.off(event, ours);
      for (const listener of listeners) this.#server.on(event, listener);
    }
  }

  #begin(request: IncomingMessage, response: ServerResponse, handler: HttpHandler): void {
    const exchange = new HttpExchange(request, response, handler, this.#options.onError);
    this.#connections.begin(exchange);
    exchange.start(this.#requests, () => this.#connections.end(exchange));
  }

  async #callListeners(
    listeners: readonly Listener[],
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    await Promise.all(listeners.map((listener) => listener.call(this.#server, request, response)));
  }

  readonly #onError = (error: Error): void => {
    if (!passing.has(codeOf(error) ?? '')) this.#waiter?.fail(error);
  };

  readonly #onClose = (): void => {
    this.#isClosed = true;
    this.#closing?.wake();
    this.#waiter?.fail(
      new ClosedResourceError(`serveHttp: ${this.#label()} was closed by somebody else`),
    );
  };

  async #shutDown(): Promise<void> {
    const { grace = 10_000 } = this.#options;
    await moveOnAfter(grace, () => this.#finish());
    // Who is left is stubborn, or endless.
    this.#requests.cancel(`the ${grace} ms for requests to finish are over`);
    this.#stopAccepting();
    // Time for a last word: 503, say.
    await yieldNow();
    this.#connections.destroy();
    // Of a server that listened before there may be connections that nobody knows: they are their owners' to close.
    await moveOnAfter(this.#inContext === undefined ? Infinity : QUIET, () => this.#untilClosed());
    await this.#requests[Symbol.asyncDispose]();
    this.#handBack();
  }

  /** Ends when all requests and connections have. */
  async #finish(): Promise<void> {
    this.#connections.announceEnd();
    await this.#letIn();
    this.#stopAccepting();
    this.#connections.closeIdle();
    await this.#untilClosed();
    await this.#requests.join();
  }

  /** What has reached the machine by now is accepted and read before the door is closed: the system would reset it. */
  async #letIn(): Promise<void> {
    const loop = currentLoop();
    const until = loop.now() + QUIET;
    for (let before = -1; before < this.#connections.seen && loop.now() < until;) {
      before = this.#connections.seen;
      // Node accepts one in a turn of its loop: for as long as there are more.
      await sleep(5);
      // After a turn that took long, the time has passed without a look for news.
      await yieldNow();
      await yieldNow();
    }
  }

  #stopAccepting(): void {
    if (this.#isStopping || this.#isClosed) return;
    this.#isStopping = true;
    // Node's own close() closes idle connections at once by this: also those that are about to be used.
    this.#server.closeIdleConnections = () => undefined;
    this.#server.close();
    delete (this.#server as Partial<AnyServer>).closeIdleConnections;
  }

  async #untilClosed(): Promise<void> {
    if (this.#isClosed) return;
    await park<void>((waker) => void (this.#closing = waker), {
      name: () => `close ${this.#label()}: ${this.#connections.size} connections are open`,
    });
  }

  #label(): string {
    return `HTTP at ${this.#address.host}:${this.#address.port}`;
  }
}

function addressOf(server: AnyServer): HttpAddress {
  const address = server.address();
  if (address === null || typeof address === 'string') return { host: address ?? '', port: 0 };
  return { host: address.address, port: address.port };
}
