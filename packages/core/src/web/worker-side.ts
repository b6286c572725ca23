import { decodeThrown, encodeThrown } from '../internal/error-codec.ts';
import { checkFunction, show } from '../internal/check.ts';
import { InvalidStateError, quoteOf } from '../internal/errors.ts';
import { AnyScope } from '../scope/any-scope.ts';
import type { CancelScope } from '../scope/cancel-scope.ts';
import { ContextVar } from '../scope/context-var.ts';
import { messageOf } from './worker-messages.ts';
import type { WorkerNotice, WorkerReply, WorkerRequest } from './worker-messages.ts';

/** Functions that a worker offers to its pool, by name. @beta */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- any arguments
export type WorkerFunctions = Readonly<Record<string, (...args: any[]) => unknown>>;

/** The scope of a worker, as far as it is used. */
export interface WorkerPort {
  postMessage(message: WorkerReply | WorkerNotice, transfer: object[]): void;
  addEventListener(type: 'message', listener: (event: unknown) => void): void;
  close(): void;
}

/**
 * Offers functions to the `webWorkerPool` that has started this worker. Call it once, at the top of the worker's module. Arguments and
 * results are copied by structured clone.
 *
 * @param functions - by name: an object, or `import * as functions`
 * @returns the functions, for the type of the pool
 * @throws InvalidStateError outside of a dedicated worker; TypeError for values that are no functions
 * @example
 * const functions = exposeToPool({
 *   async sha256(bytes: Uint8Array<ArrayBuffer>) {
 *     return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
 *   },
 * });
 * export type Hash = typeof functions;
 *
 * @beta
 */
export function exposeToPool<F extends WorkerFunctions>(functions: F): F {
  checkFunctions(functions);
  const port = globalThis as unknown as Partial<WorkerPort> & { readonly document?: unknown };
  if (port.document !== undefined || typeof port.postMessage !== 'function') {
    throw new InvalidStateError(
      'exposeToPool: this is not a dedicated worker; call it in the module that the Worker of the pool loads',
    );
  }
  serve(functions, port as WorkerPort);
  return functions;
}

function checkFunctions(functions: unknown): void {
  if (typeof functions !== 'object' || functions === null) {
    throw new TypeError(
      `exposeToPool: functions is ${show(functions)}; give an object of functions`,
    );
  }
  for (const [name, fn] of Object.entries(functions)) checkFunction('exposeToPool', name, fn);
}

/** Answers the calls that come to a port. */
export function serve(functions: WorkerFunctions, port: WorkerPort): void {
  const server = new Server(functions, port);
  port.addEventListener('message', (event) => server.take(messageOf(event)));
  // A worker that closes itself is gone without an event on the other side.
  const close = port.close.bind(port);
  port.close = () => {
    port.postMessage({ ambit: 'closed' }, []);
    close();
  };
  port.postMessage({ ambit: 'ready' }, []);
}

const ambientScope: ContextVar<CancelScope> = new ContextVar<CancelScope>({
  name: 'web worker scope',
});

/**
 * Returns the scope of a call from a `webWorkerPool` in its worker: it is cancelled when the caller is. All of Ambit waits in it by
 * itself, and its `signal` is for the rest. Without `unplugin-ambit` it is known up to the first `await` of the function, as
 * the current scope is. A function that computes for long lets messages in at times, by `await checkpoint()`; one that does not is
 * terminated with its worker after the `grace` of the call.
 *
 * @returns the scope
 * @throws InvalidStateError outside of such a call
 * @example
 * async function search(text: string) {
 *   const { signal } = workerScope();
 *   const response = await fetch(`/search?q=${text}`, { signal });
 *   return response.json();
 * }
 *
 * @beta
 */
export function workerScope(): CancelScope {
  const scope = ambientScope.get();
  if (scope !== undefined) return scope;
  throw new InvalidStateError(
    'workerScope: this is not part of a call from a webWorkerPool, or comes after an await where no plugin follows it; call it first in the function',
  );
}

const transfers = new WeakMap<object, readonly object[]>();

/**
 * Marks a result of a worker's function, so that parts of it are handed over to the caller instead of copied.
 *
 * @param value - what the function returns: an object
 * @param parts - ArrayBuffers, ports, ImageBitmaps, … in it
 * @returns the value
 * @throws TypeError for other arguments
 * @example
 * function blur(pixels: Uint8Array<ArrayBuffer>) {
 *   return transfer(blurred(pixels), [pixels.buffer]);
 * }
 *
 * @beta
 */
export function transfer<T extends object>(value: T, parts: readonly object[]): T {
  if (typeof value !== 'object' || (value as unknown) === null) {
    throw new TypeError(`transfer: value is ${show(value)}; give an object`);
  }
  if (!Array.isArray(parts)) {
    throw new TypeError(`transfer: parts is ${show(parts)}; give an array`);
  }
  transfers.set(value, parts);
  return value;
}

class Server {
  readonly #functions: WorkerFunctions;
  readonly #port: WorkerPort;
  #current: { readonly id: number; readonly scope: CancelScope } | undefined;

  constructor(functions: WorkerFunctions, port: WorkerPort) {
    this.#functions = functions;
    this.#port = port;
  }

  take(request: ReturnType<typeof messageOf>): void {
    // eslint-disable-next-line @ambit/no-unowned-task -- the caller waits, in the page
    if (request?.ambit === 'call') void this.#call(request);
    else if (request?.ambit === 'cancel' && request.id === this.#current?.id) {
      this.#current.scope.cancel(decodeThrown(request.reason));
    }
  }

  async #call(request: WorkerRequest & { readonly ambit: 'call' }): Promise<void> {
    const scope = new AnyScope({ name: 'worker' });
    this.#current = { id: request.id, scope };
    const reply = await this.#replyTo(request, scope);
    this.#current = undefined;
    this.#post(request.name, reply);
  }

  async #replyTo(
    { id, name, args }: WorkerRequest & { readonly ambit: 'call' },
    scope: CancelScope,
  ): Promise<WorkerReply> {
    try {
      const done = await scope.run(async () => ({
        value: await ambientScope.run(scope, () => this.#find(name)(...args)),
      }));
      return done === undefined ? { ambit: 'cancelled', id } : { ambit: 'value', id, ...done };
    } catch (error) {
      return { ambit: 'error', id, error: encodeThrown(error) };
    }
  }

  #find(name: string): (...args: unknown[]) => unknown {
    const fn = Object.hasOwn(this.#functions, name) ? this.#functions[name] : undefined;
    if (fn !== undefined) return fn;
    const names = Object.keys(this.#functions).join(', ');
    throw new TypeError(
      `run: the worker does not expose ${name}; it exposes ${names || 'nothing'}`,
    );
  }

  #post(name: string, reply: WorkerReply): void {
    const { value } = reply as { readonly value?: unknown };
    const parts = typeof value === 'object' && value !== null ? transfers.get(value) : undefined;
    try {
      this.#port.postMessage(reply, [...(parts ?? [])]);
    } catch (cause) {
      const why = quoteOf(cause);
      const text = `run: ${name} returned what cannot leave its worker: ${why}; return plain data`;
      const error = encodeThrown(new TypeError(text, { cause }));
      this.#port.postMessage({ ambit: 'error', id: reply.id, error }, []);
    }
  }
}
