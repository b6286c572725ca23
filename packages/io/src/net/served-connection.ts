import { currentScope, shield } from '@ambit/core';
import type { TaskGroup } from '@ambit/core';
import { suppress, whenSettled } from '@ambit/core/lowlevel';
import { withoutCancellation } from '../cancellable.ts';
import { isMadeOf } from '../failure-parts.ts';
import { currentShare, Share } from '../ownership.ts';
import type { ConnectionHandler, ServeOptions } from './service.ts';
import type { SocketStream } from './socket-stream.ts';

/** The service that a connection belongs to. */
export interface Host {
  readonly handler: ConnectionHandler;
  readonly options: ServeOptions;
  /** Of the service itself, as it was when it began. */
  readonly onError: ServeOptions['onError'];
  /** A handler is called. */
  entered(): void;
  /** Its connection is over. */
  left(): void;
}

/**
 * A connection that a service serves: its stream, and the share of what its handler opens.
 *
 * Connections are idle by the ten thousand. All that runs in the task of one finds this object in its context, so that no closure
 * has to keep it, and no frame of an async function.
 */
export class ServedConnection extends Share {
  readonly #host: Host;
  readonly #stream: SocketStream;

  constructor(group: TaskGroup, host: Host, stream: SocketStream) {
    super(group);
    this.#host = host;
    this.#stream = stream;
  }

  /** Spawns its task. */
  begin(group: TaskGroup): void {
    const task = this.run(() => group.spawn(attendHere, { name: this.#stream._peer }));
    // The group was cancelled in this very turn: the task is none, and never will be.
    if (task.done) this.#stream.destroy();
  }

  _attend(): unknown {
    this.#host.entered();
    return whenSettled(this._handled(), endHere, failHere);
  }

  private _handled(): unknown {
    const { handler } = this.#host;
    try {
      return handler(this.#stream);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async _end(failure?: { readonly error: unknown }): Promise<void> {
    const stream = this.#stream;
    try {
      if (failure !== undefined) throw failure.error;
      if (this.isUsed) await shield(() => this.closeAll());
      if (!stream._isOwned) await stream.close();
    } catch (error) {
      await this._abandon(error);
    } finally {
      this.#host.left();
    }
  }

  /** Closes by force what a handler leaves that failed, or was cancelled. */
  private async _abandon(error: unknown): Promise<void> {
    const stream = this.#stream;
    stream.destroy();
    await shield(() => this.closeAll()).catch((later: unknown) => {
      suppress(error, [later]);
    });
    await stream[Symbol.asyncDispose]();
    const { reason } = currentScope();
    const [failure] = reason === undefined ? [error] : await withoutCancellation(error);
    if (failure === reason) throw failure;
    const { onError, options } = this.#host;
    if (onError !== undefined) await onError.call(options, failure, stream);
    else if (!isMadeOf(failure, (part) => stream._isFailure(part))) throw failure;
  }
}

function here(): ServedConnection {
  return currentShare() as ServedConnection;
}

function attendHere(): unknown {
  return here()._attend();
}

function endHere(): Promise<void> {
  return here()._end();
}

function failHere(error: unknown): Promise<void> {
  return here()._end({ error });
}
