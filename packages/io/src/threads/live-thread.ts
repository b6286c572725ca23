import { messageOf } from '@ambit/core/lowlevel';
import { Future, shield } from '@ambit/core';
import type { MessagePort, ResourceLimits, Transferable, Worker } from 'node:worker_threads';
import { pathToFileURL } from 'node:url';
import { node } from '../node.ts';
import type { Encoded } from './error-codec.ts';
import { workerFile } from './worker-file.ts';
import type { WorkerReply, WorkerRequest, WorkerTask } from './worker-messages.ts';

/** What a call came to. */
export type WorkerOutcome =
  | WorkerReply
  /** The thread died of it, or with it. */
  | { readonly is: 'broken'; readonly cause: unknown };

/**
 * A thread from its start to its end, one call at a time. All messages go by one channel: the thread's own port is left to
 * what runs there.
 */
export class LiveThread {
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #flag = new Int32Array(new SharedArrayBuffer(4));
  #calls = 0;
  #call: Future<WorkerOutcome> | undefined;
  readonly #ended = new Future<void>();
  #isKilled = false;
  #cause: unknown;

  /** @param onEnd - called once, before the call that was under way is settled */
  constructor(resourceLimits: ResourceLimits | undefined, onEnd: () => void) {
    const { MessageChannel, Worker } = node.workerThreads;
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    const isFromText = inheritsInputType();
    this.#worker = new Worker(isFromText ? importOf(workerFile()) : workerFile(), {
      eval: isFromText,
      workerData: { port: port2, flag: this.#flag },
      transferList: [port2],
      ...(resourceLimits === undefined ? {} : { resourceLimits }),
    });
    // An idle thread keeps no process alive: a call does, by `ref()` of the port, which costs less than that of the thread.
    this.#worker.unref();
    port1.on('message', (reply: WorkerReply) => this.#over(reply)).unref();
    // The thread has died: `exit` will tell of it, and of the call.
    port1.on('close', () => this.#worker.ref());
    port1.on('messageerror', (cause: unknown) => this.#break(cause));
    this.#worker.on('error', (cause: unknown) => (this.#cause = cause));
    this.#worker.on('exit', (code) => {
      onEnd();
      this.#onExit(code);
      this.#ended.resolve(undefined);
    });
  }

  /**
   * Sends a call off.
   *
   * @returns what it comes to; never rejects
   * @throws the DataCloneError of arguments that cannot be sent; nothing has happened then
   */
  begin(
    { module, name, args }: WorkerTask,
    transfer: readonly Transferable[],
  ): Future<WorkerOutcome> {
    const id = (this.#calls % 1_000_000_000) + 1;
    this.#send({ is: 'call', id, module, name, args }, transfer);
    this.#calls = id;
    this.#port.ref();
    return (this.#call = new Future<WorkerOutcome>());
  }

  /** Tells the call that is under way that its caller is cancelled. */
  cancel(reason: Encoded): void {
    this.#send({ is: 'cancel', id: this.#calls, reason });
    // After the message, so that a function that never waits finds the reason.
    Atomics.store(this.#flag, 0, this.#calls);
  }

  /** Ends it, and with it the call; resolves when it has ended. */
  async kill(): Promise<void> {
    this.#isKilled = true;
    this.#terminate();
    await shield(() => this.#ended.wait());
  }

  #terminate(): void {
    this.#worker.ref();
    // eslint-disable-next-line @ambit/no-unowned-task -- `exit` tells of its end
    void this.#worker.terminate();
  }

  #send(request: WorkerRequest, transfer: readonly Transferable[] = []): void {
    // An empty list would be walked anyway.
    if (transfer.length === 0) this.#port.postMessage(request);
    else this.#port.postMessage(request, transfer);
  }

  #over(outcome: WorkerOutcome): void {
    const call = this.#call;
    this.#call = undefined;
    this.#port.unref();
    call?.tryResolve(outcome);
  }

  #break(cause: unknown): void {
    this.#cause = cause;
    this.#terminate();
  }

  #onExit(code: number): void {
    // What the call came to before may still be on its way.
    const last = node.workerThreads.receiveMessageOnPort(this.#port)?.message as
      WorkerReply | undefined;
    this.#port.close();
    if (this.#call === undefined && this.#cause !== undefined) warn(this.#cause);
    this.#over(last ?? this.#endOf(code));
  }

  #endOf(code: number): WorkerOutcome {
    if (this.#isKilled) return { is: 'cancelled' };
    const cause = this.#cause ?? new Error(`worker exited with code: ${String(code)}`);
    return { is: 'broken', cause };
  }
}

/** Whether threads get a flag of `node --input-type=module -e …` that Node refuses to a thread that runs a file. */
function inheritsInputType(): boolean {
  return process.execArgv.some((flag) => flag.startsWith('--input-type'));
}

/** A program, of either type, that loads a file. */
function importOf(file: string): string {
  return `import(${JSON.stringify(pathToFileURL(file).href)})`;
}

function warn(cause: unknown): void {
  const stack = cause instanceof Error ? cause.stack : undefined;
  const why = typeof stack === 'string' ? stack : messageOf(cause);
  process.emitWarning(
    `a worker thread ended, with no call in it, of an uncaught exception: ${why}`,
    'WorkerThreadWarning',
  );
}
