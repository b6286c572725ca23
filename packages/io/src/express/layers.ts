// Express calls each handler through a layer of a router, and keeps nothing of what an async one returns (express 4), or no
// more than its rejection (express 5). So the methods of the class of layers are replaced by some that call the handler as
// a part of its request. The class is shared by all apps and routers of one copy of express; outside of requests that
// `serveHttp` serves its methods do what they did. Layers themselves are left as they are.
import { currentHolder } from '../http/current-request.ts';
import { isItsEnd, partOfRequest } from '../http/framework-call.ts';

type Callback = (...args: unknown[]) => unknown;

interface Layer {
  handle: Callback;
}

/** An app, as far as it is used: of express 4 and 5, or of connect. */
export interface Routed {
  readonly stack?: unknown;
  lazyrouter?(): void;
  readonly _router?: { readonly stack: unknown[] };
  readonly router?: { readonly stack: unknown[] };
  use(handler: Callback): unknown;
}

/** The methods of a layer: of express 4, where a rejection goes nowhere, and of express 5. */
const METHODS = [
  { name: 'handle_request', isDeaf: true },
  { name: 'handle_error', isDeaf: true },
  { name: 'handleRequest', isDeaf: false },
  { name: 'handleError', isDeaf: false },
] as const;

const watched = new WeakSet<object>();
const ofConnect = new WeakSet<object>();
const guards = new WeakMap<object, Layer>();

/** Has the handlers of an app called as parts of their requests. */
export function watchLayers(app: Routed): void {
  app.lazyrouter?.();
  const layers = app.lazyrouter ? app._router?.stack : (app.router?.stack ?? app.stack);
  if (!Array.isArray(layers)) return;
  // Without any, the class is not known yet.
  if (layers.length === 0) app.use((_request, _response, next) => void (next as Callback)());
  const kind = Object.getPrototypeOf(layers[0]) as object;
  if (kind === Object.prototype) guardEntries(layers as Layer[]);
  else watchClass(kind as Record<string, unknown>);
}

function watchClass(kind: Record<string, unknown>): void {
  if (watched.has(kind)) return;
  watched.add(kind);
  for (const { name, isDeaf } of METHODS) {
    const original = kind[name];
    if (typeof original !== 'function') continue;
    kind[name] = function (this: Layer, ...args: unknown[]): unknown {
      const request = currentHolder();
      if (request === undefined) return Reflect.apply(original, this, args) as unknown;
      // It is answered already.
      if (args.length === 4 && isItsEnd(request, args[0])) return undefined;
      return Reflect.apply(
        original,
        guardOf(this, isDeaf ? attentive : undefined),
        args,
      ) as unknown;
    };
  }
}

/** Connect has plain objects in place of layers. */
function guardEntries(entries: readonly Layer[]): void {
  for (const entry of entries.filter((each) => !ofConnect.has(each))) {
    ofConnect.add(entry);
    entry.handle = attentive(guarded(entry.handle));
  }
}

/** The layer, with its handler as part of the request. */
function guardOf(layer: Layer, wrap?: (handle: Callback) => Callback): Layer {
  const known = guards.get(layer);
  if (known !== undefined) return known;
  const guard = Object.create(layer) as Layer;
  const handle = guarded(layer.handle);
  guard.handle = wrap?.(handle) ?? handle;
  guards.set(layer, guard);
  return guard;
}

function guarded(handle: Callback): Callback {
  return partOfRequest(handle, () => undefined);
}

/** For a framework that ignores the promise of a handler: a rejection goes to `next`. */
function attentive(handle: Callback): Callback {
  return new Proxy(handle, {
    apply: (target, self, args: unknown[]): unknown => {
      const returned: unknown = Reflect.apply(target, self, args);
      const next = args.at(-1);
      if (!(returned instanceof Promise) || typeof next !== 'function') return returned;
      return returned.catch((error: unknown) => {
        (next as Callback)(
          error ?? new Error('the promise of a handler was rejected with nothing'),
        );
      });
    },
  });
}
