import { contextSnapshot, shield, yieldNow } from '@ambit/core';
import { checkDuration, park } from '@ambit/core/lowlevel';
import { checkMethod } from '../check.ts';
import { currentHolder } from '../http/current-request.ts';
import type { RequestHolder } from '../http/current-request.ts';
import { isItsEnd, partOfRequest } from '../http/framework-call.ts';
import { requestContext } from '../http/request-context.ts';
import { serveHttp } from '../http/serve-http.ts';
import type { ServeHttpOptions } from '../http/serve-http-options.ts';
import { HOOKS, watchRequests } from './route-contexts.ts';
import type { FastifyRequestCore, RouteContext } from './route-contexts.ts';

/** An app of fastify, as far as it is used. @beta */
export interface FastifyApp {
  /** The server that it made. */
  readonly server: Exclude<Parameters<typeof serveHttp>[0], (...args: never) => unknown>;
  /**
   * Loads its plugins.
   *
   * @returns a promise of their being loaded
   */
  ready(): PromiseLike<unknown>;
  /**
   * Calls its onClose hooks.
   *
   * @returns a promise of their end
   */
  close(): PromiseLike<unknown>;
}

/**
 * Serves an app of fastify as {@link serveHttp} does, in place of `app.listen()`. Each request is one task, from its first
 * byte to the end of its async handler and of its hooks: the client's leaving cancels the task, and it is waited for. A
 * route whose `config` has a `timeout` in milliseconds is cancelled after that, and answered with 504 if nothing was sent.
 * The cancellation of a request is no error: neither the error handlers nor the log of fastify hear of it, the connection
 * is closed, or answered with 503 or 504 if the client is still there. A cancellation of anything else is an error like
 * others, 500. When the service has ended, `app.close()` is called, which runs the onClose hooks.
 *
 * @beta
 * @param app - with its routes; plugins that are not loaded yet are loaded
 * @param options - those of `serveHttp`
 * @returns nothing, once it has drained: otherwise it ends by being cancelled, or by an error
 * @throws (rejects) as `serveHttp` does; what a plugin fails with
 * @example
 * const app = fastify();
 * app.get('/slow', { config: { timeout: 2000 } }, async () => await fetchReport());
 * await run(() => serveFastify(app, { port: 3000 }));
 */
export async function serveFastify(app: FastifyApp, options: ServeHttpOptions): Promise<void> {
  checkMethod('serveFastify', 'app', app, 'ready', 'an app of fastify');
  await app.ready();
  watchRequests(app, begin);
  try {
    await serveHttp(app.server, options);
  } finally {
    await shield(async () => app.close());
  }
}

const prepared = new WeakSet<RouteContext>();

type Hook = RouteContext['handler'];
type InContext = ReturnType<typeof contextSnapshot>;

/** Hooks that are called when the response is sent are called in the context of its connection. */
const contexts = new WeakMap<object, InContext>();

function inItsContext(hook: Hook): Hook {
  return (request, ...rest) => {
    const enter = contexts.get(request as object);
    return enter === undefined ? hook(request, ...rest) : enter(() => hook(request, ...rest));
  };
}

/** A request has been routed. */
function begin(context: RouteContext, request: FastifyRequestCore): void {
  const holder = currentHolder();
  if (holder === undefined) return;
  if (!prepared.has(context)) prepare(context);
  const known = requestContext.get();
  if (known !== undefined) known.requestId = String(request.id);
  const timeout = context.config?.timeout;
  if (timeout !== undefined) {
    checkDuration('serveFastify', `config.timeout of ${String(context.config?.url)}`, timeout);
    holder.limitTime(timeout as number);
  }
  if (context['onResponse'] === null) return;
  contexts.set(request, contextSnapshot());
  holder.keep(untilSent(holder));
}

/** Has a response that was ended at once wait for the hooks that are called when it is sent. */
function untilSent({ current: { response } }: RequestHolder): Promise<void> {
  return shield(async () => {
    await yieldNow();
    if (!response.writableEnded || response.closed) return;
    await park<void>((waker) => void response.once('close', () => waker.wake()), {
      name: 'the end of the response',
    });
  });
}

/** Makes the functions of a route part of the requests that they are called for. */
function prepare(context: RouteContext): void {
  prepared.add(context);
  context.handler = partOfRequest(context.handler, hijack);
  for (const name of HOOKS) {
    const hooks = context[name];
    if (Array.isArray(hooks)) {
      context[name] = (hooks as Hook[]).map((hook) => partOfHook(name, hook));
    }
  }
  const { errorHandler } = context;
  const func = errorHandler?.func;
  if (func === undefined) return;
  // Its prototype is the handler that is asked if this one throws.
  const guarded = Object.create(Object.getPrototypeOf(errorHandler) as object) as {
    func?: unknown;
  };
  context.errorHandler = Object.assign(guarded, errorHandler, { func: forErrors(func) });
}

function partOfHook(name: string, hook: Hook): Hook {
  const part = partOfRequest(hook, hijack);
  return name === 'onResponse' ? inItsContext(part) : part;
}

function forErrors(func: RouteContext['handler']): RouteContext['handler'] {
  const whole = partOfRequest(func, hijack);
  return (error, request, reply) => {
    const holder = currentHolder();
    if (holder === undefined || !isItsEnd(holder, error)) {
      return whole(error, request, reply);
    }
    hijack([reply]);
    return undefined;
  };
}

/** Fastify does nothing more for a reply that is hijacked. */
function hijack(args: readonly unknown[]): void {
  for (const each of args) {
    const { hijack: take } = (each ?? {}) as { hijack?: () => unknown };
    if (typeof take === 'function') take.call(each);
  }
}
