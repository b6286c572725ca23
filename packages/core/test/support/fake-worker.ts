import { detached } from '@ambit/core';
import { serve } from '../../src/web/worker-side.ts';
import type { WorkerFunctions } from '../../src/web/worker-side.ts';
import type { WorkerLike } from '../../src/web/worker-thread.ts';

type Listener = (event: never) => void;

/** A worker of this very thread, whose messages take a microtask, and are copied as the platform copies them. */
export class FakeWorker implements WorkerLike {
  /** Those that were not terminated. */
  static readonly living: Set<FakeWorker> = new Set<FakeWorker>();

  readonly #listeners = new Map<string, Listener[]>();
  readonly #inside: ((event: unknown) => void)[] = [];

  constructor(functions?: WorkerFunctions) {
    FakeWorker.living.add(this);
    if (functions !== undefined) queueMicrotask(() => detached(() => this.serve(functions)));
  }

  /** The module of the worker has loaded. */
  serve(functions: WorkerFunctions): void {
    serve(functions, {
      postMessage: (message, transfer) => this.#send(message, transfer),
      addEventListener: (_type, listener) => void this.#inside.push(listener),
      close: () => undefined,
    });
  }

  /** Calls the listeners of the pool. */
  emit(type: string, event: object): void {
    for (const listener of this.#listeners.get(type) ?? []) listener(event as never);
  }

  postMessage(message: unknown, transfer: object[]): void {
    const data = copy(message, transfer);
    queueMicrotask(() => {
      if (!FakeWorker.living.has(this)) return;
      detached(() => {
        for (const listener of this.#inside) listener({ data });
      });
    });
  }

  terminate(): void {
    FakeWorker.living.delete(this);
  }

  addEventListener(type: string, listener: Listener): void {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener]);
  }

  #send(message: unknown, transfer: object[]): void {
    const data = copy(message, transfer);
    queueMicrotask(() => {
      if (FakeWorker.living.has(this)) this.emit('message', { data });
    });
  }
}

function copy(message: unknown, transfer: object[]): unknown {
  return structuredClone(message, { transfer: transfer as ArrayBuffer[] });
}
