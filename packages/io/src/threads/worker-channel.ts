import type { MessagePort, Transferable } from 'node:worker_threads';
import { node } from '../node.ts';
import type { ThreadEnd, WorkerReply, WorkerRequest } from './worker-messages.ts';

/**
 * The messages between the calls of a pool and one thread, from its first call to its end: to make a channel and to hand
 * it over takes longer than a call. They say which call they are about. Nothing listens at this end, so that it keeps no
 * process alive: the answer of a call is there before the thread says that it is free.
 */
export class WorkerChannel {
  readonly #port: MessagePort;
  readonly #flag = new Int32Array(new SharedArrayBuffer(4));
  #end: ThreadEnd | undefined;
  #calls = 0;
  #isOver = false;
  #isBusy = false;

  constructor() {
    const { port1, port2 } = new node.workerThreads.MessageChannel();
    this.#port = port1;
    this.#end = { port: port2, flag: this.#flag };
  }

  /** What the thread needs to answer, the first time. */
  takeEnd(): ThreadEnd | undefined {
    const end = this.#end;
    this.#end = undefined;
    return end;
  }

  /**
   * Sends a call.
   *
   * @returns its number
   * @throws the DataCloneError of arguments that cannot be sent; nothing has happened then
   */
  begin(args: readonly unknown[], transfer: readonly Transferable[]): number {
    const id = (this.#calls % 1_000_000_000) + 1;
    this.#send({ is: 'call', id, args }, transfer);
    this.#calls = id;
    this.#isBusy = true;
    return id;
  }

  cancel(request: WorkerRequest & { is: 'cancel' }): void {
    this.#send(request);
    // After the message, so that the thread finds the reason.
    Atomics.store(this.#flag, 0, request.id);
  }

  #send(request: WorkerRequest, transfer: readonly Transferable[] = []): void {
    this.#port.postMessage(request, transfer);
  }

  reply(): WorkerReply | undefined {
    return node.workerThreads.receiveMessageOnPort(this.#port)?.message as WorkerReply | undefined;
  }

  /** The call is over. */
  settle(): void {
    this.#isBusy = false;
    if (this.#isOver) this.#port.close();
  }

  /** The thread has ended. What the call that is under way came to can still be read. */
  close(): void {
    this.#isOver = true;
    if (!this.#isBusy) this.#port.close();
  }
}
