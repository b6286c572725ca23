import { checkCount, checkDuration, checkOptions, show } from '../internal/check.ts';
import { InvalidStateError } from '../internal/errors.ts';
import type { WorkerLike } from './worker-thread.ts';

/** Makes a worker, or the URL of the module that a worker loads. @beta */
export type WorkerSource = URL | string | (() => WorkerLike);

/** Options for {@link webWorkerPool}. @beta */
export interface WebWorkerPoolOptions {
  /** How many workers at most. Default: as many as the machine runs at once, by `navigator.hardwareConcurrency`. */
  readonly size?: number | undefined;
  /** How many calls may wait for a worker. Default: `Infinity`. */
  readonly maxQueue?: number | undefined;
  /** Milliseconds after which an idle worker is terminated. Default: 10000; `Infinity`: it stays. */
  readonly idleTimeout?: number | undefined;
}

/** Options of a pool, checked and complete. */
export type Limits = { readonly [K in keyof WebWorkerPoolOptions]-?: number };

export function limitsOf(options: WebWorkerPoolOptions | undefined): Limits {
  checkOptions('webWorkerPool', options);
  const { size = concurrency(), maxQueue = Infinity, idleTimeout = 10_000 } = options ?? {};
  checkCount('webWorkerPool', 'size', size, 1);
  checkCount('webWorkerPool', 'maxQueue', maxQueue, 0);
  checkDuration('webWorkerPool', 'idleTimeout', idleTimeout);
  return { size, maxQueue, idleTimeout };
}

function concurrency(): number {
  const { navigator } = globalThis as { navigator?: { readonly hardwareConcurrency?: number } };
  return navigator?.hardwareConcurrency ?? 1;
}

type WorkerClass = new (module: URL | string, options: { readonly type: 'module' }) => WorkerLike;

export function starterOf(source: WorkerSource): () => WorkerLike {
  if (typeof source === 'function') return source;
  // By shape: a URL may be of another realm.
  const isUrl = typeof source === 'object' && (source as URL | null) !== null && 'href' in source;
  if (!isUrl && (typeof source !== 'string' || source === '')) {
    throw new TypeError(
      `webWorkerPool: source is ${show(source)}; give a function, () => new Worker(new URL('./work.js', import.meta.url), { type: 'module' }), or a URL`,
    );
  }
  const { Worker } = globalThis as unknown as { readonly Worker?: WorkerClass };
  if (Worker !== undefined) return () => new Worker(source, { type: 'module' });
  throw new InvalidStateError(
    'webWorkerPool: there is no Worker here; it needs a browser. On Node, Bun and Deno use WorkerPool of @ambit/io',
  );
}
