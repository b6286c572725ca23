import { currentScope, InvalidStateError, shield } from '@ambit/core';
import type { CancelScope, Task, TaskGroup } from '@ambit/core';
import { park, show } from '@ambit/core/lowlevel';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { withoutCancellation } from '../cancellable.ts';
import { Share } from '../ownership.ts';
import { ConnectionHeader } from './connection-header.ts';
import type { CurrentRequest, RequestHolder } from './current-request.ts';
import { withRequest } from './current-request.ts';
import { giveUpRequest, leaveUpload, onceWritten } from './give-up-request.ts';
import { answerBadly, closeWaiting, isHttp2, isSent } from './http-answer.ts';
import { saysClientLeft, saysTooLate } from './http-consequence.ts';
import { nameOf } from './http-errors.ts';
import { isThenable, PendingWork } from './pending-work.ts';
import { RequestClock, statusOf } from './request-clock.ts';
import { untilQuiet } from './until-quiet.ts';

/** Answers a request; what it returns is waited for. */
export type HttpHandler = (request: IncomingMessage, response: ServerResponse) => unknown;

/** What the requests of a service have in common. */
export interface ExchangeOptions {
  readonly handler: HttpHandler;
  /** Milliseconds that a request has. */
  readonly timeLimit: ((request: IncomingMessage) => number) | undefined;
  /** Gets what a handler throws. Never rejects. */
  report(error: unknown, request: IncomingMessage): Promise<void>;
}

/** A request, its response, and the task that handles it. */
export class HttpExchange implements RequestHolder {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly name: string;
  /** What the response says of its connection. */
  readonly connection: ConnectionHeader;
  readonly #options: ExchangeOptions;
  #task: Task<void> | undefined;
  /** That of the requests, once the task is spawned. */
  group: TaskGroup | undefined;
  #ended: (() => void) | undefined;
  #current: CurrentRequest | undefined;
  readonly #pending = new PendingWork();
  readonly #clock = new RequestClock();
  hasClientLeft = false;
  isAnsweredForHandler = false;
  #isOver = false;

  constructor(request: IncomingMessage, response: ServerResponse, options: ExchangeOptions) {
    this.request = request;
    this.response = response;
    this.name = nameOf(request);
    this.connection = new ConnectionHeader(response);
    this.#options = options;
  }

  get scope(): CancelScope | undefined {
    return this.#task?.scope;
  }

  keep(work: Promise<void>): void {
    this.#pending.add(work);
  }

  get current(): CurrentRequest {
    return (this.#current ??= {
      request: this.request,
      response: this.response,
      waitUntil: (promise) => this.#waitUntil(promise),
    });
  }

  /** Spawns the task; `ended` is called at its end. */
  start(group: TaskGroup, ended: () => void): void {
    this.group = group;
    this.#ended = ended;
    // One stream of several; the end of a connection is told by that.
    if (isHttp2(this.response)) this.response.once('close', () => this.clientLeft());
    // A write after the end, by code that still has the response, must not end the service.
    // eslint-disable-next-line @ambit/no-unowned-task -- never rejects; the task that would wait may be over
    this.response.on('error', (error) => void this.#report(error));
    const share = new Share(group);
    const work = (): Task<void> =>
      group.spawn((task) => this.#work(task, share), { name: this.name });
    withRequest(this, () => share.run(work));
  }

  // No async function: on the shortest way nothing has to be waited for.
  #work(task: Task<void>, share: Share): Promise<void> | undefined {
    this.#task = task;
    const { handler, timeLimit } = this.#options;
    try {
      if (timeLimit !== undefined) {
        this.limitTime(timeLimit(this.request));
        task.scope.throwIfCancelled();
      }
      const returned = handler(this.request, this.response);
      const isOver = this.response.writableEnded && this.#pending.isOver && !share.isUsed;
      if (isThenable(returned) || !isOver) return this.#finish(returned, share);
    } catch (error) {
      return this.#finish(Promise.reject(error), share);
    }
    this.#end();
    return undefined;
  }

  async #finish(returned: unknown, share: Share): Promise<void> {
    let isLeftToCallbacks = false;
    try {
      await returned;
      isLeftToCallbacks = !this.response.writableEnded;
      if (isLeftToCallbacks) await this.#untilClosed();
    } catch (error) {
      // A handler that a framework has called may still answer.
      if (isLeftToCallbacks) await this.#pending.untilOver();
      await this.#fail(error);
    } finally {
      const isCancelled = this.#task?.scope.reason !== undefined;
      if (isLeftToCallbacks && isCancelled) await untilQuiet(currentScope());
      await this.#pending.untilOver();
      if (share.isUsed) await this.#close(share);
      this.#end();
    }
  }

  #end(): void {
    this.#isOver = true;
    leaveUpload(this.request, this.response);
    this.#clock.end();
    this.#ended?.();
  }

  /** Throws nothing but the task's cancellation. */
  async #fail(error: unknown): Promise<void> {
    const [failure] = await this.#failureIn(error);
    const cancellation = this.#task?.scope.reason;
    if (cancellation !== undefined && failure === cancellation) {
      this.#endBadly(statusOf(cancellation, this.scope));
      throw cancellation;
    }
    this.#endBadly(500);
    await this.#report(failure);
  }

  /** What is more than the task's own cancellation, else that. */
  async #failureIn(error: unknown): Promise<readonly [unknown]> {
    return this.#task?.scope.reason === undefined ? [error] : withoutCancellation(error);
  }

  /** Cancels the task when that many milliseconds are over. A handler that does not end soon after is answered for. */
  limitTime(milliseconds: number): void {
    const scope = this.#task?.scope;
    if (scope !== undefined) this.#clock.limit(scope, milliseconds, () => this.#answerLate());
  }

  #answerLate(): void {
    if (this.#isOver || !this.#answer()) return;
    onceWritten(this.response, () => this.#endRequest());
  }

  #waitUntil(promise: PromiseLike<unknown>): void {
    if (!isThenable(promise)) {
      throw new TypeError(`waitUntil: promise is ${show(promise)}, not a promise; give a promise`);
    }
    if (this.#isOver) {
      throw new InvalidStateError(
        `waitUntil: the task of ${this.name} has ended; call it before the handler and what it waits for have`,
      );
    }
    this.#pending.add(this.#settled(promise));
  }

  async #settled(promise: PromiseLike<unknown>): Promise<void> {
    try {
      await promise;
    } catch (error) {
      const [failure] = await this.#failureIn(error);
      if (failure !== this.#task?.scope.reason) await this.#report(failure);
    }
  }

  /** What it has opened. */
  async #close(share: Share): Promise<void> {
    try {
      await shield(() => share.closeAll());
    } catch (error) {
      await this.#report(error);
    }
  }

  #untilClosed(): Promise<void> {
    return park<void>(
      (waker) => {
        const closed = (): void => void waker.wake();
        this.response.once('close', closed);
        return () => this.response.off('close', closed);
      },
      { name: 'the end of the response' },
    );
  }

  /** The connection is closed. */
  clientLeft(): void {
    if (isSent(this.response)) return;
    this.hasClientLeft = true;
    this.#task?.cancel('the client has gone away');
    closeWaiting(this.response);
  }

  /**
   * Answers for a handler that was cancelled and does not end: its own answer would be too late. Waits until the answer
   * is sent.
   */
  async answerFor(): Promise<void> {
    const { response } = this;
    if (!this.#answer()) return;
    try {
      if (!response.destroyed && !response.writableFinished) await this.#untilClosed();
    } finally {
      this.#endRequest();
    }
  }

  /** Whether it was cancelled, so that there was something to answer for. */
  #answer(): boolean {
    const reason = this.#task?.scope.reason;
    if (reason === undefined) return false;
    if (!this.response.writableEnded) {
      this.isAnsweredForHandler = true;
      this.#endBadly(statusOf(reason, this.scope));
    }
    return true;
  }

  /** Of a request that was answered Node does not say that the rest will never come. */
  #endRequest(): void {
    giveUpRequest(this.request, this.#task?.scope.reason);
  }

  #endBadly(status: number): void {
    answerBadly(this.response, status, this.connection.headers);
  }

  async #report(error: unknown): Promise<void> {
    const isTooLate = this.isAnsweredForHandler && saysTooLate(error);
    if (isTooLate || saysClientLeft(error, this)) return;
    await this.#options.report(error, this.request);
  }
}
