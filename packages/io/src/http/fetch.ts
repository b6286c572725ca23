import { CancelScope } from '@ambit/core';
import { enter, park } from '@ambit/core/lowlevel';
import { finished } from 'node:stream';
import { checkSignal } from '../cancellable.ts';
import { ClosedResourceError } from '../errors.ts';
import { own } from '../ownership.ts';
import type { Owner } from '../ownership.ts';

type FetchInput = Parameters<typeof globalThis.fetch>[0];
type FetchInit = NonNullable<Parameters<typeof globalThis.fetch>[1]>;

/**
 * The platform's `fetch` under the ambient scope: cancelling that cancels the request, and also the reading of the
 * response's body, whoever reads it and wherever. Waits for the head of the response. A body that is not read to its end
 * is cancelled when the innermost explicit group around the call ends, so read it in there. Nothing is left on a scope
 * or signal once the body has been read, cancelled or forgotten.
 *
 * @param input - an address or a Request
 * @param init - as ever; a `signal`, also that of a Request, ends request and reading too
 * @returns the platform's Response itself
 * @throws (rejects) the ambient scope's CancelledError, or `signal.reason`, here or where the body is read;
 *   ClosedResourceError where a body is read whose group has ended; the platform's TypeError for all trouble of the
 *   network, its `cause` says which
 * @example
 * const user = await timeout(5000, async () => {
 *   const response = await fetch(`https://example.org/users/${id}`);
 *   return await response.json();
 * });
 */
export async function fetch(input: FetchInput, init?: FetchInit): Promise<Response> {
  const signal = signalOf(input, init);
  checkSignal('fetch', signal);
  enter({ signal });
  const transfer = new Transfer(labelOf(input, init), signal);
  try {
    const response = await transfer.start(input, init);
    transfer.follow(response);
    return response;
  } catch (error) {
    transfer.end();
    throw error;
  }
}

// That of `init` hides that of a Request, as `null` too.
function signalOf(input: FetchInput, init: FetchInit | undefined): AbortSignal | undefined {
  if (init?.signal !== undefined) return init.signal ?? undefined;
  return isRequest(input) ? input.signal : undefined;
}

function isRequest(input: FetchInput): input is Request {
  return typeof input === 'object' && 'signal' in input;
}

/** For the task tree: without what may be secret. */
function labelOf(input: FetchInput, init: FetchInit | undefined): string {
  const method = init?.method ?? (isRequest(input) ? input.method : 'GET');
  const address = isRequest(input) ? input.url : String(input);
  const url = URL.canParse(address) ? new URL(address) : undefined;
  return `fetch ${method} ${url === undefined ? address : url.origin + url.pathname}`;
}

/** The ways to read a body other than through its stream. */
const readers = ['arrayBuffer', 'blob', 'bytes', 'formData', 'json', 'text'];

/** A request and what comes back, up to the last byte that somebody reads. */
class Transfer implements AsyncDisposable {
  readonly #label: string;
  readonly #signal: AbortSignal | undefined;
  readonly #controller = new AbortController();
  readonly #owner: Owner | undefined;
  readonly #scope: CancelScope;
  // Weak: of a response that nobody has any more the platform cancels the body, and that ends this.
  #response: WeakRef<Response> | undefined;

  constructor(label: string, signal: AbortSignal | undefined) {
    this.#label = label;
    this.#signal = signal;
    this.#owner = own(this);
    // If the scope around it ends before the body does, it moves to the one around that.
    this.#scope = new CancelScope({ name: label, signal });
    // Reading it puts the scope in its place.
    const _started = this.#scope.signal;
    this.#scope.onCancel((reason) => {
      const isBySignal = reason.scope === this.#scope && reason.source === 'signal';
      this.#abort(isBySignal ? reason.reason : reason);
    });
  }

  start(input: FetchInput, init: FetchInit | undefined): Promise<Response> {
    return park<Response>(
      (waker) => {
        const { signal } = this.#controller;
        // Cancelled, it rejects as well, when nobody waits any more.
        globalThis.fetch(input, { ...init, signal }).then(
          (response) => waker.wake(response),
          (error: unknown) => waker.fail(error),
        );
      },
      { signal: this.#signal, name: this.#label },
    );
  }

  /** Until the body is over: read, cancelled, or broken off. */
  follow(response: Response): void {
    // No stream at all: a stand-in of a test's, that says no more than it has to.
    if (!response.body) {
      this.end();
      return;
    }
    this.#response = new WeakRef(response);
    // Knows of web streams, and takes no lock; its types do not say so.
    finished(response.body as unknown as NodeJS.ReadableStream, () => this.end());
  }

  #abort(reason: unknown): void {
    this.#controller.abort(reason);
    this.end();
    const response = this.#response?.deref();
    if (response === undefined) return;
    // A body that is read only now would say that something was aborted, not what and why.
    for (const name of readers.filter((each) => each in response)) {
      const value = (): Promise<never> => Promise.reject(reason);
      Object.defineProperty(response, name, { configurable: true, value });
    }
  }

  end(): void {
    this.#scope[Symbol.dispose]();
    this.#owner?.release(this);
  }

  /** Its group has ended. */
  [Symbol.asyncDispose](): Promise<void> {
    const text = `${this.#label}: the task group that it was called in has ended; read the body inside of it`;
    this.#abort(new ClosedResourceError(text));
    return Promise.resolve();
  }
}
