// Fastify keeps, for each route, an object with its handler, its hooks and its error handler, and gives it to each Request
// that it makes. No hook of a plugin sees all of them: routes and plugins may have been there before `serveFastify`. So
// the property of the Request in which this object is kept becomes an accessor, of the class that all apps share. It does
// nothing outside of requests that `serveHttp` serves.

/** The hooks of a route that are called for each request. */
export const HOOKS: readonly string[] = [
  ...['onRequest', 'preParsing', 'preValidation', 'preHandler', 'preSerialization'],
  ...['onError', 'onSend', 'onResponse', 'onTimeout', 'onRequestAbort'],
];

type Callback = (...args: unknown[]) => unknown;

/** What fastify keeps of a route. */
export interface RouteContext {
  readonly config?: { readonly timeout?: unknown; readonly url?: unknown };
  handler: Callback;
  errorHandler?: { readonly func?: Callback };
  [hook: string]: unknown;
}

/** What is read of a Request. */
export interface FastifyRequestCore {
  readonly id: unknown;
}

type Found = (context: RouteContext, request: FastifyRequestCore) => void;
type RequestClass = new (...args: unknown[]) => FastifyRequestCore;

const watched = new WeakSet<object>();
const kept = Symbol('context of the route');

/** Has a function called with each Request that is made from now on, before its first hook. */
export function watchRequests(app: object, found: Found): void {
  const base = baseRequestOf(app);
  if (base === undefined || watched.has(base)) return;
  watched.add(base);
  const key = symbolIn(new base(), 'fastify.context');
  if (key === undefined) return;
  Object.defineProperty(base.prototype, key, {
    configurable: true,
    get(this: Record<symbol, unknown>) {
      return this[kept];
    },
    set(this: Record<symbol, unknown> & FastifyRequestCore, context: RouteContext) {
      this[kept] = context;
      found(context, this);
    },
  });
}

/** The class of which those of the app and of its plugins are made. */
function baseRequestOf(app: object): RequestClass | undefined {
  const key = symbolIn(app, 'fastify.Request');
  let made = key === undefined ? undefined : (Reflect.get(app, key) as object | null);
  while (made && Object.getPrototypeOf(made) !== Function.prototype) {
    made = Object.getPrototypeOf(made) as object | null;
  }
  return (made ?? undefined) as RequestClass | undefined;
}

function symbolIn(object: object, description: string): symbol | undefined {
  return Object.getOwnPropertySymbols(object).find((each) => each.description === description);
}
