import { CancelScope, TimeoutError } from '@ambit/core';
import { checkDuration, checkSignal, currentLoop, park, refusalOf } from '@ambit/core/lowlevel';
import { node } from '../node.ts';
import type { WaitOptions } from '../cancellable.ts';
import { ClosedResourceError } from '../errors.ts';
import { own } from '../ownership.ts';
import type { Holding } from '../ownership.ts';
import { isRequest, readInit } from './fetch-init.ts';
import type { FetchInput, PlatformInit } from './fetch-init.ts';
import { checkSendDeadline, deadlineIn } from './send-deadline.ts';
import type { DeadlineHeader } from './send-deadline.ts';
import { scopeResponse } from './scoped-response.ts';
import type { BodyTransfer } from './scoped-response.ts';

/** Options for {@link fetch}: those of the platform, and time limits. */
export interface FetchInit extends PlatformInit {
  /** Milliseconds until the head of the response must have come. Default: Infinity. */
  readonly headersTimeout?: number | undefined;
  /** Milliseconds until the next piece of the body must have come, while it is read. Default: Infinity. */
  readonly bodyTimeout?: number | undefined;
  /**
   * Tells the server how much time the ambient scope leaves: in the header 'grpc-timeout', in a header of another name in
   * milliseconds, or in the headers that a function makes of the milliseconds. Headers of the request stay as they are.
   * Without a deadline nothing is sent.
   */
  readonly sendDeadline?: DeadlineHeader | undefined;
}

/**
 * Calls the platform's `fetch` under the ambient scope: cancelling that cancels the request, and also the reading of the
 * response's body, wherever it is read. The reading obeys the scope in which it happens as well: `text()`, `json()` and the
 * others, `for await`, `pipeTo` break the transfer off when that is cancelled; a cancelled `read()` of a reader takes
 * nothing, and the next one goes on. Waits for the head of the response. A body that is not read to its end is cancelled
 * when the innermost explicit group around the call ends, so read it in there. Nothing is left on a scope or signal once
 * the body has been read, cancelled or forgotten.
 *
 * @param input - an address or a Request
 * @param init - the platform's; a `signal`, also that of a Request, ends request and reading too; `headersTimeout` and
 *   `bodyTimeout` in milliseconds; `sendDeadline` tells the server how long it is waited for
 * @returns the platform's Response itself
 * @throws (rejects) the ambient scope's CancelledError, or `signal.reason`, here or where the body is read; TimeoutError
 *   after `headersTimeout` here, after `bodyTimeout` where the body is read; ClosedResourceError where a body is read whose
 *   group has ended; the platform's TypeError for all trouble of the network, whose `cause` says which
 * @example
 * const user = await timeout(5000, async () => {
 *   const response = await fetch(`https://example.org/users/${id}`, { bodyTimeout: 1000 });
 *   return await response.json();
 * });
 */
export async function fetch(input: FetchInput, init?: FetchInit): Promise<Response> {
  const { headersTimeout, bodyTimeout, sendDeadline, ...platform } = readInit(init);
  if (headersTimeout !== undefined) checkDuration('fetch', 'headersTimeout', headersTimeout);
  if (bodyTimeout !== undefined) checkDuration('fetch', 'bodyTimeout', bodyTimeout);
  checkSendDeadline(sendDeadline);
  const signal = signalOf(input, platform);
  checkSignal('fetch', signal);
  const refused = refusalOf('fetch', { signal });
  if (refused !== undefined) return refused;
  if (sendDeadline !== undefined) {
    const header = typeof sendDeadline === 'string' ? sendDeadline : sendDeadline.bind(init);
    Object.assign(platform, deadlineIn(input, platform, header));
  }
  const transfer = new Transfer(labelOf(input, platform), { signal, headersTimeout, bodyTimeout });
  try {
    const response = await transfer.start(input, platform);
    transfer.follow(response);
    return response;
  } catch (error) {
    transfer.end();
    throw error;
  }
}

// That of `init` hides that of a Request, as `null` too.
function signalOf(input: FetchInput, init: PlatformInit): AbortSignal | undefined {
  if (init.signal !== undefined) return init.signal ?? undefined;
  return isRequest(input) ? input.signal : undefined;
}

/** For the task tree: without what may be secret. */
function labelOf(input: FetchInput, init: PlatformInit): string {
  const method = init.method ?? (isRequest(input) ? input.method : 'GET');
  const address = isRequest(input) ? input.url : String(input);
  const url = URL.canParse(address) ? new URL(address) : undefined;
  return `fetch ${method} ${url === undefined ? address : url.origin + url.pathname}`;
}

interface TransferOptions extends WaitOptions {
  readonly headersTimeout: number | undefined;
  readonly bodyTimeout: number | undefined;
}

/** A request and what comes back, up to the last byte that is read. */
class Transfer implements AsyncDisposable, BodyTransfer {
  readonly name: string;
  readonly #options: TransferOptions;
  readonly #controller = new AbortController();
  readonly #holding: Holding;
  readonly #scope: CancelScope;
  readonly #loop = currentLoop();
  failure: { readonly reason: unknown } | undefined;

  constructor(name: string, options: TransferOptions) {
    this.name = name;
    this.#options = options;
    this.#holding = own(this);
    // If the scope around it ends before the body does, it moves to the one around that.
    this.#scope = new CancelScope({ name, signal: options.signal });
    // Reading it puts the scope in its place.
    const _started = this.#scope.signal;
    this.#scope.onCancel((reason) => {
      const isBySignal = reason.scope === this.#scope && reason.source === 'signal';
      this.abort(isBySignal ? reason.reason : reason);
    });
  }

  start(input: FetchInput, init: PlatformInit): Promise<Response> {
    return park<Response>(
      (waker) => {
        const { signal } = this.#controller;
        const asking = this.#within(this.#options.headersTimeout, 'the head of the response', () =>
          globalThis.fetch(input, { ...init, signal }),
        );
        // Cancelled, it rejects as well, when no call waits any more.
        asking.then(
          (response) => waker.wake(response),
          (error: unknown) => waker.fail(error),
        );
      },
      { signal: this.#options.signal, name: this.name },
    );
  }

  watch<T>(read: () => Promise<T>): Promise<T> {
    return this.#within(this.#options.bodyTimeout, 'the next piece of the body', read);
  }

  /** Breaks the transfer off if something takes longer. */
  #within<T>(limit: number | undefined, what: string, start: () => Promise<T>): Promise<T> {
    if (limit === undefined || limit === Infinity) return start();
    const text = `${this.name}: ${what} did not come within ${limit} ms`;
    const timer = this.#loop.callLater(limit, () =>
      this.abort(new TimeoutError(limit, this.#scope, text)),
    );
    return start().finally(() => timer.cancel());
  }

  /** Until the body is over: read, cancelled, or broken off. */
  follow(response: Response): void {
    // No stream at all: a stand-in of a test's, that says no more than it has to.
    if (!response.body) {
      this.end();
      return;
    }
    // The response knows this, and not the other way round: the platform cancels the body of a response that is no longer referenced.
    scopeResponse(response, this);
    // Knows of web streams, and takes no lock; its types do not say so.
    node.stream.finished(response.body as unknown as NodeJS.ReadableStream, () => this.end());
  }

  abort(reason: unknown): void {
    if (this.failure !== undefined) return;
    this.failure = { reason };
    this.#controller.abort(reason);
    this.end();
  }

  end(): void {
    this.#scope[Symbol.dispose]();
    this.#holding.release();
  }

  /** Its group has ended. */
  [Symbol.asyncDispose](): Promise<void> {
    const text = `${this.name}: the task group that it was called in has ended; read the body inside of it`;
    this.abort(new ClosedResourceError(text));
    return Promise.resolve();
  }
}
