import { contextSnapshot, ContextVar, currentScope, taskGroup } from '@ambit/core';
import type { CancelScope, TaskGroup } from '@ambit/core';
import {
  checkCount,
  checkDuration,
  checkFunction,
  checkOptions,
  checkSignal,
  currentLoop,
  isWithin,
  onDraining,
  park,
  ParkingLot,
} from '@ambit/core/lowlevel';
import type { Waker } from '@ambit/core/lowlevel';
import type { Socket } from 'node:net';
import type { Address } from './address.ts';
import type { WaitOptions } from '../cancellable.ts';
import { ServedConnection } from './served-connection.ts';
import type { Host } from './served-connection.ts';
import type { SocketStream } from './socket-stream.ts';

/** Serves one connection; the stream is closed when it has ended. */
export type ConnectionHandler<A extends Address = Address> = (stream: SocketStream<A>) => unknown;

/** Options for `listener.serve`. */
export interface ServeOptions<A extends Address = Address> extends WaitOptions {
  /** How many connections are served at a time. Default: Infinity. */
  readonly limit?: number | undefined;
  /**
   * Gets what a handler throws; with no stream, what a TLS handshake fails with. Is awaited; what it throws fails the
   * server. Without it, a handler's error fails the server, unless it says that its own connection broke.
   */
  readonly onError?: ((error: unknown, stream?: SocketStream<A>) => unknown) | undefined;
  /**
   * Milliseconds that the handlers have to finish once `serve` is asked to end: by a cancellation, default 0, or because its
   * scope drains, default `Infinity`.
   */
  readonly grace?: number | undefined;
}

/** Where the connections come from. */
interface Source {
  _next(): Promise<Socket>;
  /** Has no more connections from now on: a call that waits for one gets an error. */
  _stop(): void;
  _streamOf(socket: Socket): SocketStream;
}

/** The services that the caller runs in. */
const serving = new ContextVar<unknown>({ name: 'serving' });

/**
 * One `serve`: a group with a task for each connection. With a grace the group has a shield, which falls when
 * the time is over.
 */
export class Service implements Host {
  readonly #source: Source;
  readonly handler: ConnectionHandler;
  readonly #limit: number;
  readonly #grace: number;
  readonly options: ServeOptions;
  readonly onError: ServeOptions['onError'];
  readonly #ended = new ParkingLot();
  readonly #here: ReturnType<typeof contextSnapshot> = contextSnapshot();
  readonly #around: CancelScope = currentScope();
  readonly #timers: { cancel(): void }[] = [];
  #group: TaskGroup | undefined;
  #active = 0;
  #room: Waker<void> | undefined;
  #isStopping = false;
  #isOver = false;

  constructor(source: Source, handler: ConnectionHandler, options: ServeOptions) {
    this.#source = source;
    this.handler = handler;
    this.#limit = options.limit ?? Infinity;
    this.#grace = options.grace ?? 0;
    this.options = options;
    this.onError = options.onError;
  }

  async run(): Promise<void> {
    const hasGrace = this.#grace > 0;
    // Without a grace the cancellation reaches everybody by itself.
    const watch = hasGrace ? this.#around.onCancel(() => this.stop(this.#grace)) : undefined;
    const draining = onDraining(() => this.#drain());
    try {
      await serving.run(this, () =>
        taskGroup((group) => this.#acceptAll(group), { shield: hasGrace, name: 'serve' }),
      );
    } finally {
      watch?.[Symbol.dispose]();
      draining[Symbol.dispose]();
      for (const timer of this.#timers) timer.cancel();
      this.#isOver = true;
      this.#ended.unparkAll();
    }
  }

  async #acceptAll(group: TaskGroup): Promise<void> {
    this.#group = group;
    for (;;) {
      if (this.#active >= this.#limit) await this.#untilRoom();
      const socket = await this.#accept();
      if (socket === undefined) return;
      new ServedConnection(group, this, this.#source._streamOf(socket)).begin(group);
    }
  }

  #untilRoom(): Promise<void> {
    return park<void>((waker) => void (this.#room = waker), { name: 'room for a connection' });
  }

  /** Undefined: the service stops. */
  async #accept(): Promise<Socket | undefined> {
    try {
      return this.#isStopping ? undefined : await this.#source._next();
    } catch (error) {
      if (this.#isStopping) return undefined;
      throw error;
    }
  }

  /** @internal A handler is called. */
  entered(): void {
    this.#active += 1;
  }

  /** @internal Its connection is over. */
  left(): void {
    this.#active -= 1;
    this.#room?.wake();
  }

  /** A connection that came to nothing before it was one: no reason to stop, but the server's code may want to know. */
  handshakeFailed(error: unknown): void {
    const [group, onError] = [this.#group, this.onError];
    if (group === undefined || onError === undefined || this.#isOver) return;
    const tell = (): unknown => onError.call(this.options, error);
    this.#here(() => void group.spawn(tell, { name: 'onError' }));
  }

  // A cancelled scope drains too: that is not for here.
  #drain(): void {
    if (this.#around.reason === undefined) this.stop(this.options.grace ?? Infinity);
  }

  /** Accepts no more; after the grace the handlers are cancelled. The shortest grace counts. */
  stop(grace: number): void {
    this.#isStopping = true;
    this.#source._stop();
    this.#room?.wake();
    if (grace <= 0) this.#force();
    else if (grace !== Infinity) {
      this.#timers.push(currentLoop().callLater(grace, () => this.#force()));
    }
  }

  #force(): void {
    const group = this.#group;
    if (group === undefined || this.#isOver) return;
    group.scope.shield = false;
    if (group.scope.reason === undefined) group.cancel('the listener was closed');
  }

  /** Waits until the last handler has ended; a handler itself need not. Cancelled: there is no grace any more. */
  async untilOver(): Promise<void> {
    if (isWithin(serving, this)) return;
    const name = 'the handlers of serve()';
    try {
      if (!this.#isOver) await this.#ended.park({ name });
    } catch {
      this.#force();
      if (!this.#hasEnded()) await this.#ended.park({ name, shield: true });
    }
  }

  #hasEnded(): boolean {
    return this.#isOver;
  }
}

export function checkServe(handler: unknown, options: unknown): void {
  checkFunction('serve', 'handler', handler);
  checkOptions('serve', options);
  const { limit, onError, grace, signal } = options as ServeOptions;
  if (limit !== undefined) checkCount('serve', 'limit', limit, 1);
  if (onError !== undefined) checkFunction('serve', 'onError', onError);
  if (grace !== undefined) checkDuration('serve', 'grace', grace);
  checkSignal('serve', signal);
}
