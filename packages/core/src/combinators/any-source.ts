import { show } from '../internal/check.ts';

/** What items come from. */
export type AnySource<T> = AsyncIterable<T> | Iterable<T | PromiseLike<T>>;

export type AnyIterator<T> = AsyncIterator<T, unknown> | Iterator<T | PromiseLike<T>, unknown>;

/** Checks an argument at a public door. */
export function checkSource(where: string, argument: string, source: unknown): void {
  if (isAsyncIterable(source) || isIterable(source) || isWebStream(source)) return;
  throw new TypeError(
    `${where}: ${argument} is ${show(source)}; give an iterable or an async iterable`,
  );
}

export function isAsyncIterable(source: unknown): source is AsyncIterable<unknown> {
  return hasMethod(source, Symbol.asyncIterator);
}

export function isIterable(source: unknown): source is Iterable<unknown> {
  return hasMethod(source, Symbol.iterator);
}

/** As much of a `ReadableStream` as we use; that of some browsers is not iterable itself. */
export interface WebStream<T> {
  getReader(): {
    read(): Promise<{ readonly done: boolean; readonly value?: T | undefined }>;
    cancel(reason?: unknown): Promise<unknown>;
    releaseLock(): void;
  };
}

export function isWebStream(source: unknown): source is WebStream<unknown> {
  return hasMethod(source, 'getReader') && hasMethod(source, 'cancel');
}

/** Whether it is a readable stream of Node, or of one of its copies on npm. */
export function isNodeStream(source: unknown): source is { destroy(): unknown } {
  return hasMethod(source, 'destroy') && hasMethod(source, 'pipe');
}

/** How the value is disposed of; undefined if it cannot be. */
export function disposalOf(value: unknown): (() => unknown) | undefined {
  for (const key of [Symbol.asyncDispose, Symbol.dispose]) {
    if (hasMethod(value, key)) return () => (value as Record<symbol, () => unknown>)[key]?.();
  }
  return undefined;
}

function hasMethod(value: unknown, key: string | symbol): boolean {
  if (value === null || value === undefined) return false;
  return typeof (value as Partial<Record<string | symbol, unknown>>)[key] === 'function';
}
