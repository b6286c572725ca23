import { shield } from '@ambit/core';
import type { Task, TaskGroup } from '@ambit/core';
import { park } from '@ambit/core/lowlevel';
import { STATUS_CODES } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { withoutCancellation } from '../cancellable.ts';
import { BrokenResourceError, codeOf } from '../errors.ts';
import { Share } from '../ownership.ts';

/** Answers a request; what it returns is waited for. */
export type HttpHandler = (request: IncomingMessage, response: ServerResponse) => unknown;

/** Is told what a handler threw; what it returns is waited for. */
export type OnHttpError = (error: unknown, request: IncomingMessage) => unknown;

/** A request, its response, and the task that answers. */
export class HttpExchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly name: string;
  readonly #handler: HttpHandler;
  readonly #onError: OnHttpError;
  #task: Task<void> | undefined;
  #hasClientLeft = false;
  #isLast = false;

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    handler: HttpHandler,
    onError: OnHttpError | undefined,
  ) {
    this.request = request;
    this.response = response;
    this.name = nameOf(request);
    this.#handler = handler;
    this.#onError = onError ?? printError;
  }

  /** Spawns the task; `ended` is called at its end. */
  start(group: TaskGroup, ended: () => void): void {
    // A write after the end, by whoever still has the response, must not end the service.
    // eslint-disable-next-line @ambit/no-unowned-task -- never rejects; the task that would wait may be over
    this.response.on('error', (error) => void this.#report(error));
    const share = new Share(group);
    share.run(() => group.spawn((task) => this.#work(task, share, ended), { name: this.name }));
  }

  // No async function: on the shortest way nothing has to be waited for.
  #work(task: Task<void>, share: Share, ended: () => void): Promise<void> | undefined {
    this.#task = task;
    try {
      const returned = this.#handler(this.request, this.response);
      if (isThenable(returned) || !this.response.writableEnded || share.isUsed)
        return this.#finish(returned, share, ended);
    } catch (error) {
      return this.#finish(Promise.reject(error), share, ended);
    }
    ended();
    return undefined;
  }

  async #finish(returned: unknown, share: Share, ended: () => void): Promise<void> {
    try {
      await returned;
      // Left to callbacks.
      if (!this.response.writableEnded) await this.#untilClosed();
    } catch (error) {
      await this.#fail(error);
    } finally {
      if (share.isUsed) await this.#close(share);
      ended();
    }
  }

  /** Throws nothing but the task's cancellation. */
  async #fail(error: unknown): Promise<void> {
    const cancellation = this.#task?.scope.reason;
    const [failure] = cancellation === undefined ? [error] : await withoutCancellation(error);
    if (cancellation !== undefined && failure === cancellation) {
      this.#endBadly(503);
      throw cancellation;
    }
    this.#endBadly(500);
    if (!this.#isOfClient(failure)) await this.#report(failure);
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
    if (this.response.writableFinished) return;
    this.#hasClientLeft = true;
    this.#task?.cancel('the client has gone away');
  }

  /** This is to be the last response on its connection. */
  announceEnd(): void {
    this.#isLast = true;
    if (!this.response.headersSent) this.response.setHeader('Connection', 'close');
  }

  /** Another request came after it on its connection. */
  revokeEnd(): void {
    if (!this.#isLast || this.response.headersSent) return;
    this.#isLast = false;
    // Not removed: Node would take that for a wish of its own.
    this.response.setHeader('Connection', 'keep-alive');
  }

  #endBadly(status: number): void {
    const { response } = this;
    if (response.writableEnded || response.destroyed) return;
    if (response.headersSent) {
      response.destroy();
      return;
    }
    for (const name of response.getHeaderNames()) response.removeHeader(name);
    if (this.#isLast) response.setHeader('Connection', 'close');
    const text = STATUS_CODES[status] ?? '';
    const body = `${text}\n`;
    // The length is said, since Node may have one in mind: that of an end() which failed.
    const headers = { 'Content-Type': 'text/plain', 'Content-Length': body.length };
    response.writeHead(status, text, headers).end(body);
  }

  /** Whether an error says no more than that the client has gone away. */
  #isOfClient(error: unknown): boolean {
    if (!this.#hasClientLeft && codeOf(this.request.errored) !== 'ECONNRESET') return false;
    try {
      return this.#saysClientLeft(error);
    } catch {
      // It fails when it is looked at.
      return false;
    }
  }

  #saysClientLeft(error: unknown): boolean {
    const { request, response } = this;
    if (error === request.errored || error === response.errored) return true;
    if (ofClosedStreams.has(codeOf(error) ?? '')) return true;
    // What `pipeline` makes of the errors of both ends.
    const parts = partsOf(error);
    if (parts.length > 0) return parts.every((part) => this.#saysClientLeft(part));
    return error instanceof BrokenResourceError && this.#saysClientLeft(error.cause);
  }

  async #report(error: unknown): Promise<void> {
    try {
      await this.#onError(error, this.request);
    } catch (failure) {
      printError(error, this.request);
      printError(failure, this.request);
    }
  }
}

function partsOf(error: unknown): readonly unknown[] {
  if (typeof error !== 'object' || error === null || !('errors' in error)) return [];
  return Array.isArray(error.errors) ? error.errors : [];
}

function isThenable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'then' in value;
}

/** What Node says to those who use a stream whose connection is gone. */
const ofClosedStreams = new Set(['ERR_STREAM_PREMATURE_CLOSE', 'ERR_STREAM_DESTROYED']);

// Without the query, which may hold what others are not to read.
function nameOf({ method = '', url = '' }: IncomingMessage): string {
  const end = url.indexOf('?');
  return `${method} ${end < 0 ? url : url.slice(0, end)}`;
}

function printError(error: unknown, request: IncomingMessage): void {
  const text = textOf(error).replaceAll(/\s+/g, ' ');
  process.stderr.write(`serveHttp: ${nameOf(request)}: ${text}\n`);
}

/** Anything can be thrown, also what has no text or fails when it is looked at. */
function textOf(error: unknown): string {
  try {
    return String(error);
  } catch {
    return 'something that has no text';
  }
}
