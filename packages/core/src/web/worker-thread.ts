import type { EncodedError } from '../internal/error-codec.ts';
import { Future } from '../waiting/future.ts';
import { messageOf } from './worker-messages.ts';
import type { WorkerReply } from './worker-messages.ts';

/** As much of a platform's `Worker` as is used. @beta */
export interface WorkerLike {
  /**
   * Posts a message.
   *
   * @param message - is copied
   * @param transfer - parts of it that are handed over
   */
  postMessage(message: unknown, transfer: object[]): void;
  /** Ends it at once. */
  terminate(): void;
  /**
   * Has a listener called.
   *
   * @param type - `message`, `error`, `messageerror`
   * @param listener - gets the events
   */
  addEventListener(type: string, listener: (event: never) => void): void;
}

/** What a call came to. */
export type WorkerOutcome =
  | WorkerReply
  /** The worker died of it, or with it. */
  | { readonly ambit: 'broken'; readonly cause: unknown }
  /** The pool has terminated it. */
  | { readonly ambit: 'killed' };

interface WorkerOrder {
  readonly name: string;
  readonly args: readonly unknown[];
  readonly transfer: readonly object[];
}

/** One worker: one call at a time. */
export class WorkerThread {
  /** Settles when it takes calls, or is gone before it did. */
  readonly started: Future<void> = new Future<void>();
  /** Why it is gone by itself. */
  failure: { readonly cause: unknown } | undefined;
  /** It has taken calls. */
  isReady = false;
  isGone = false;
  readonly #worker: WorkerLike;
  readonly #onGone: (thread: WorkerThread) => void;
  #calls = 0;
  #outcome: Future<WorkerOutcome> | undefined;

  /** @param onGone - called once, when it is gone or terminated */
  constructor(worker: WorkerLike, onGone: (thread: WorkerThread) => void) {
    this.#worker = worker;
    this.#onGone = onGone;
    worker.addEventListener('message', (event) => this.#take(messageOf(event)));
    worker.addEventListener('error', (event) => this.#onError(event));
    worker.addEventListener('messageerror', () => {
      this.#break(new TypeError('a message of the worker cannot be read here'));
    });
  }

  /**
   * Sends a call off.
   *
   * @throws the DataCloneError of arguments that cannot be sent; nothing has happened then
   */
  begin({ name, args, transfer }: WorkerOrder): Future<WorkerOutcome> {
    const id = this.#calls + 1;
    this.#worker.postMessage({ ambit: 'call', id, name, args }, [...transfer]);
    this.#calls = id;
    return (this.#outcome = new Future<WorkerOutcome>());
  }

  /** Tells the function that its caller is cancelled. */
  cancel(reason: EncodedError): void {
    this.#worker.postMessage({ ambit: 'cancel', id: this.#calls, reason }, []);
  }

  /** Ends the worker, and with it the call. */
  kill(): void {
    this.#end({ ambit: 'killed' });
  }

  #take(message: ReturnType<typeof messageOf>): void {
    if (message === undefined || this.isGone) return;
    if (message.ambit === 'ready') {
      this.isReady = true;
      this.started.tryResolve(undefined);
    } else if (message.ambit === 'closed') {
      this.#break(new Error('the worker has called close()'));
    } else if (message.id === this.#calls) {
      this.#settle(message as WorkerReply);
    }
  }

  // The page goes on after an uncaught exception in its worker, but its state is unknown.
  #onError(event: {
    readonly message?: string;
    readonly error?: unknown;
    preventDefault?(): void;
  }): void {
    const isTold = this.#outcome !== undefined || !this.started.done;
    // Otherwise the browser reports it, as it does in workers of its own.
    if (isTold) event.preventDefault?.();
    const text = event.message ?? '';
    this.#break(event.error ?? new Error(text === '' ? 'its module cannot be loaded' : text));
  }

  #break(cause: unknown): void {
    if (this.isGone) return;
    this.failure = { cause };
    this.#end({ ambit: 'broken', cause });
  }

  #end(outcome: WorkerOutcome): void {
    if (this.isGone) return;
    this.isGone = true;
    this.#worker.terminate();
    this.#onGone(this);
    this.#settle(outcome);
    this.started.tryResolve(undefined);
  }

  #settle(outcome: WorkerOutcome): void {
    const settled = this.#outcome;
    this.#outcome = undefined;
    settled?.tryResolve(outcome);
  }
}
