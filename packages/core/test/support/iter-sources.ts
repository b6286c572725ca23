import { shield, sleep } from '@ambit/core';
import {
  batch,
  buffer,
  closing,
  mapConcurrent,
  merge,
  safe,
  timeoutEach,
  zip,
} from '@ambit/core/iter';
import type { AnySource } from '@ambit/core/iter';

type Numbers = AsyncIterableIterator<number> & AsyncDisposable;

async function* only<T>(items: AsyncIterable<T[]>): AsyncGenerator<T> {
  for await (const [item] of items) yield item!;
}

/** Everything that reads one source, so that it gives the source's items. */
export const readers: [string, (source: AnySource<number>) => Numbers][] = [
  ['buffer(source, 0)', (source) => buffer(source, 0)],
  ['buffer(source, 3)', (source) => buffer(source, 3)],
  ['merge', (source) => merge(source)],
  ['timeoutEach', (source) => timeoutEach(source, 1e9)],
  ['closing', (source) => closing(source)],
  ['mapConcurrent, one at a time', (source) => mapConcurrent(source, (x) => x, { limit: 1 })],
  ['mapConcurrent', (source) => mapConcurrent(source, (x) => x, { limit: 3 })],
  [
    'mapConcurrent, unordered',
    (source) => mapConcurrent(source, (x) => x, { limit: 3, ordered: false }),
  ],
  ['safe', (source) => safe(() => source)()],
  ['safe, not called', (source) => safe(() => source)],
  ['zip', (source) => closing(only(zip(source) as AsyncIterable<[number]>))],
  ['batch', (source) => closing(only(batch(source, { size: 1 })))],
  ['a chain', (source) => merge(timeoutEach(buffer(safe(() => source)(), 2), 1e9))],
];

/** Yields 0, 1, 2 …, each after `ms`, and tells what becomes of it. */
export async function* counting(
  log: string[],
  { count = Infinity, ms = 10, cleanup = 0 } = {},
): AsyncGenerator<number> {
  log.push('begins');
  try {
    for (let item = 0; item < count; item += 1) {
      await sleep(ms);
      yield item;
    }
  } finally {
    await shield(() => sleep(cleanup));
    log.push('closed');
  }
}

/** An iterable by hand, of promises that are kept here. */
export class Manual implements AsyncIterable<number> {
  readonly log: string[] = [];
  readonly #waiting: ((result: IteratorResult<number>) => void)[] = [];

  [Symbol.asyncIterator](): AsyncIterator<number> {
    return {
      next: () => {
        this.log.push('next');
        return new Promise((resolve) => this.#waiting.push(resolve));
      },
      return: () => {
        this.log.push('return');
        for (const resolve of this.#waiting.splice(0)) resolve({ done: true, value: undefined });
        return Promise.resolve({ done: true, value: undefined });
      },
    };
  }

  give(value: number): void {
    this.#waiting.shift()?.({ done: false, value });
  }
}

export async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of source) items.push(item);
  return items;
}
