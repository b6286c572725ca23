import {
  contextSnapshot,
  currentScope,
  moveOnAfter,
  shield,
  sleep,
  TaskGroup,
  yieldNow,
} from '@ambit/core';
import { currentLoop, park } from '@ambit/core/lowlevel';
import type { Waker } from '@ambit/core/lowlevel';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { ClosedResourceError } from '../errors.ts';
import { refuseRequest } from './http-answer.ts';
import { QUIET } from './http-connection.ts';
import { HttpConnections } from './http-connections.ts';
import { isPassing, printError } from './http-errors.ts';
import { HttpExchange } from './http-exchange.ts';
import { isThenable } from './pending-work.ts';
import type { HttpHandler } from './http-exchange.ts';
import { addressOf, closeServer, requestEvents } from './http-server.ts';
import type { AnyServer, HttpAddress } from './http-server.ts';
import type { ServeHttpOptions } from './serve-http-options.ts';
import { TimeLimits } from './time-limit.ts';

type Listener = (this: AnyServer, request: IncomingMessage, response: ServerResponse) => unknown;

/** The earlier listeners of an event of requests, and the present one. */
interface Door {
  readonly event: string;
  readonly listeners: readonly Listener[];
  readonly ours: Listener;
}

/** A server, and the handler of its requests. */
interface Served {
  readonly server: AnyServer;
  readonly handler: HttpHandler | undefined; // its listeners, if there is none
  readonly isForeign: boolean; // it began to listen in another context
}

/** A server that listens, at work: requests are tasks until the caller is cancelled; then it is closed. */
export class HttpService {
  readonly #server: AnyServer;
  readonly #options: ServeHttpOptions;
  readonly #connections: HttpConnections;
  /** Out of reach of what stops the service: requests are cancelled once their grace is over. */
  readonly #requests = new TaskGroup({ name: 'HTTP requests', shield: true });
  readonly #address: HttpAddress;
  readonly #doors: readonly Door[];
  /** Where requests run, if not in the context in which they come. */
  readonly #inContext: (<R>(fn: () => R) => R) | undefined;
  #waiter: Waker<void> | undefined;
  readonly #timeLimits: TimeLimits | undefined;
  /** The requests that are at work, less those that are refused. */
  #atWork = 0;
  #isStopping = false;
  #isClosed = false;
  #closing: Waker<void> | undefined;

  constructor({ server, handler, isForeign }: Served, options: ServeHttpOptions) {
    this.#server = server;
    this.#options = options;
    // Requests come in the context of the call that made the server listen, with what instrumentation adds for each.
    this.#inContext = isForeign ? contextSnapshot() : undefined;
    this.#doors = requestEvents
      .filter((event) => event === 'request' || server.listenerCount(event) > 0)
      .map((event) => this.#door(event, handler));
    this.#connections = new HttpConnections(server, currentLoop());
    this.#address = addressOf(server);
    this.#timeLimits = TimeLimits.for(server, options);
  }

  async run(): Promise<void> {
    this.#takeOver();
    const { draining } = currentScope();
    const stop = (): void => {
      this.#announce();
      this.#waiter?.wake();
    };
    draining.addEventListener('abort', stop);
    try {
      this.#options.onListening?.(this.#address);
      if (!draining.aborted) await this.#untilStopped();
    } finally {
      draining.removeEventListener('abort', stop);
      await shield(() => this.#shutDown());
    }
  }

  /** A cancellation or an error rejects it. */
  #untilStopped(): Promise<void> {
    const enlist = (waker: Waker<void>): (() => void) => {
      this.#waiter = waker;
      return () => this.#announce();
    };
    return park(enlist, { signal: this.#options.signal, name: `serve ${this.#label()}` });
  }

  /** At once: after a turn that took long, the shutdown itself begins a turn later, and requests are answered before it. */
  #announce(): void {
    if ((this.#options.lameDuck ?? 0) === 0) this.#connections.announceEnd();
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
    this.#timeLimits?.watch();
  }

  #handBack(): void {
    this.#connections.unwatch();
    this.#timeLimits?.unwatch();
    this.#server.off('error', this.#onError).off('close', this.#onClose);
    for (const { event, listeners, ours } of this.#doors) {
      this.#server.off(event, ours);
      for (const listener of listeners) this.#server.on(event, listener);
    }
  }

  #begin(request: IncomingMessage, response: ServerResponse, handler: HttpHandler): void {
    const isRefused = this.#atWork >= (this.#options.limit ?? Infinity);
    const exchange = new HttpExchange(request, response, {
      handler: isRefused ? refuseRequest : handler,
      timeLimit: this.#timeLimits?.of,
      report: this.#report,
    });
    const connection = this.#connections.begin(exchange);
    if (!isRefused) this.#atWork += 1;
    exchange.start(this.#requests, () => {
      if (!isRefused) this.#atWork -= 1;
      connection.end(exchange);
    });
  }

  readonly #report = async (error: unknown, request: IncomingMessage): Promise<void> => {
    const { onError } = this.#options;
    try {
      if (onError === undefined) printError(error, request);
      else await onError.call(this.#options, error, request);
    } catch (failure) {
      printError(error, request);
      printError(failure, request);
    }
  };

  #callListeners(
    listeners: readonly Listener[],
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<unknown> | undefined {
    const returned = listeners.map((listener) => listener.call(this.#server, request, response));
    return returned.some(isThenable) ? Promise.all(returned) : undefined;
  }

  readonly #onError = (error: Error): void => {
    if (!isPassing(error)) this.#waiter?.fail(error);
  };

  readonly #onClose = (): void => {
    this.#isClosed = true;
    this.#closing?.wake();
    this.#waiter?.fail(
      new ClosedResourceError(`serveHttp: ${this.#label()} was closed by other code`),
    );
  };

  async #shutDown(): Promise<void> {
    const { grace = 10_000, lameDuck = 0 } = this.#options;
    this.#requests.scope.drain();
    if (lameDuck > 0 && !this.#isClosed) await sleep(lameDuck);
    await moveOnAfter(grace, () => this.#finish());
    // The handlers that are left ignore the cancellation, or are endless.
    this.#requests.cancel(`the ${grace} ms for requests to finish are over`);
    this.#stopAccepting();
    // Time for a last word of the handlers.
    await yieldNow();
    await this.#answerForAll();
    this.#connections.destroy();
    // Of a server that listened before there may be connections that are not known here: they are their owners' to close.
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

  /** Those whose handlers do not end get their answers, and a moment for these to be sent. */
  async #answerForAll(): Promise<void> {
    const answered: Promise<unknown>[] = [];
    for (const exchange of this.#connections.exchanges()) {
      answered.push(exchange.answerFor());
    }
    await moveOnAfter(QUIET, () => Promise.all(answered));
  }

  #stopAccepting(): void {
    if (this.#isStopping || this.#isClosed) return;
    this.#isStopping = true;
    closeServer(this.#server);
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
