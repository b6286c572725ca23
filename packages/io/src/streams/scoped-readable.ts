import { currentScope } from '@ambit/core';
import { park } from '@ambit/core/lowlevel';
import type { ReadableStream, ReadableStreamDefaultReader } from 'node:stream/web';
import { cancellable } from '../cancellable.ts';

/** The source of a stream whose reading obeys scopes. */
export interface Reading {
  /** What is waited for, in the task tree. */
  readonly name: string;
  /** Called around each read of the platform's: for time limits. */
  watch<T>(read: () => Promise<T>): Promise<T>;
}

type Reader = ReadableStreamDefaultReader<unknown>;
type GetReader = (...args: unknown[]) => Reader;

/** The platform's `getReader` of those that are scoped. */
const platforms = new WeakMap<object, GetReader>();

let isUnscoped = false;

/** Calls something that reads a stream under a scope of its own: readers that it asks for obey none. */
export function unscoped<T>(start: () => T): T {
  isUnscoped = true;
  try {
    return start();
  } finally {
    isUnscoped = false;
  }
}

/** A reader that obeys no scope: for what waits under a scope by itself. */
export function platformReader(stream: ReadableStream): Reader {
  return platforms.get(stream)?.() ?? (stream.getReader() as Reader);
}

/**
 * Has the reading of a web stream obey the scope in which it is read, whichever way that is: `for await`, a reader,
 * `pipeTo`, and what `tee` and `pipeThrough` give. It stays the same stream.
 */
export function scopeReading(stream: ReadableStream, reading: Reading): void {
  const getReader = stream.getReader.bind(stream) as GetReader;
  const watched: GetReader = (...args) => watchReader(getReader(...args), reading);
  platforms.set(stream, watched);
  const iterate = (options?: IteratorOptions): AsyncIterableIterator<unknown> =>
    new ScopedIterator(watched(), reading, options);
  const tee = stream.tee.bind(stream);
  const pipeTo = stream.pipeTo.bind(stream);
  const pipeThrough = stream.pipeThrough.bind(stream);
  override(stream, {
    getReader: (...args: unknown[]) =>
      isUnscoped ? watched(...args) : scopeReader(watched(...args), reading),
    values: iterate,
    [Symbol.asyncIterator]: iterate,
    tee: () => tee().map((branch) => scoped(branch, reading)),
    pipeThrough: (...args: Parameters<typeof pipeThrough>) => scoped(pipeThrough(...args), reading),
    pipeTo: (...[target, options]: Parameters<typeof pipeTo>) =>
      cancellable((signal) => pipeTo(target, { ...options, signal }), options),
  });
}

function scoped(stream: ReadableStream, reading: Reading): ReadableStream {
  scopeReading(stream, reading);
  return stream;
}

/** Puts properties of its own on an object of the platform's, which are not seen when it is printed. */
export function override(object: object, properties: object): void {
  for (const key of Reflect.ownKeys(properties)) {
    const value: unknown = Reflect.get(properties, key);
    Object.defineProperty(object, key, { value, configurable: true, writable: true });
  }
}

/** Waits under the ambient scope for something of the platform's. `onCut` is called in the same tick if it is cancelled. */
export function obeying<T>(
  name: string,
  start: () => Promise<T>,
  onCut: (reason: unknown) => void,
): Promise<T> {
  const scope = currentScope();
  return park<T>(
    (waker) => {
      start().then(
        (value) => waker.wake(value),
        (error: unknown) => waker.fail(error),
      );
      return () => onCut(scope.reason);
    },
    { name },
  );
}

function watchReader(reader: Reader, reading: Reading): Reader {
  const read = reader.read.bind(reader);
  override(reader, {
    read: (...args: Parameters<typeof read>) => reading.watch(() => read(...args)),
  });
  return reader;
}

/** A read that is cancelled takes nothing: what the platform gives it is for the next one. */
function scopeReader(reader: Reader, { name }: Reading): Reader {
  const read = reader.read.bind(reader);
  const left: ReturnType<typeof read>[] = [];
  override(reader, {
    read: (...args: Parameters<typeof read>) => {
      let step: ReturnType<typeof read> | undefined;
      const start = (): ReturnType<typeof read> => (step = left.shift() ?? read(...args));
      return obeying(name, start, () => {
        if (step === undefined) return;
        step.catch(() => undefined);
        left.push(step);
      });
    },
  });
  return reader;
}

interface IteratorOptions {
  readonly preventCancel?: boolean;
}

/** Ends a `next()` that waits by `return()`, which the platform's own does not. */
class ScopedIterator implements AsyncIterableIterator<unknown> {
  readonly #reader: Reader;
  readonly #name: string;
  readonly #keepsStream: boolean;
  #isOver = false;
  #isReturned = false;

  constructor(reader: Reader, { name }: Reading, options: IteratorOptions | undefined) {
    this.#reader = reader;
    this.#name = name;
    this.#keepsStream = options?.preventCancel === true;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<unknown>> {
    if (this.#isOver) return { done: true, value: undefined };
    try {
      const step = await obeying(
        this.#name,
        () => this.#reader.read(),
        (reason) => this.#cut(reason),
      );
      if (step.done) this.#release();
      return step as IteratorResult<unknown>;
    } catch (error) {
      // Released under a next() that waited.
      if (this.#isReturned) return { done: true, value: undefined };
      this.#release();
      throw error;
    }
  }

  async return(value?: unknown): Promise<IteratorResult<unknown>> {
    this.#isReturned = true;
    if (!this.#isOver) await this.#leave(value);
    return { done: true, value };
  }

  // A loop does not call return() when next() rejects.
  #cut(reason: unknown): void {
    this.#reader.cancel(reason).catch(() => undefined);
    this.#release();
  }

  async #leave(reason: unknown): Promise<void> {
    const ending = this.#keepsStream ? undefined : this.#reader.cancel(reason);
    this.#release();
    await ending;
  }

  #release(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#reader.releaseLock();
  }
}
