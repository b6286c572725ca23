import { on, EventEmitter } from 'node:events';
import { PassThrough, Readable } from 'node:stream';
import {
  concurrentForEach,
  concurrentMap,
  moveOnAfter,
  sleep,
  sleepForever,
  timeout,
} from '@ambit/core';
import { closing, merge, zip } from '@ambit/core/iter';
import type { AnySource } from '@ambit/core/iter';
import { settle, testRun } from '@ambit/core/testing';
import { collect, readers } from '../support/iter-sources.ts';

interface Idle {
  readonly source: AsyncIterable<number>;
  isClosed(): boolean;
}

function nodeStream(): Idle {
  const source = new PassThrough({ objectMode: true });
  source.write(1);
  return { source, isClosed: () => source.destroyed };
}

function webStream(): Idle {
  let isClosed = false;
  const source = new ReadableStream<number>({
    start: (controller) => controller.enqueue(1),
    cancel: () => {
      isClosed = true;
    },
  });
  return { source: source, isClosed: () => isClosed };
}

/** A generator that awaits what cannot be cancelled, in an object that can be ended. */
function disposable(key: 'asyncDispose' | 'dispose'): Idle {
  let isClosed = false;
  let end: ((none: undefined) => void) | undefined;
  const source = {
    async *[Symbol.asyncIterator]() {
      yield 1;
      const ended = new Promise<undefined>((resolve) => {
        end = resolve;
      });
      await ended;
    },
    [Symbol[key]]: () => {
      isClosed = true;
      end?.(undefined);
    },
  };
  return { source, isClosed: () => isClosed };
}

/** One that has no `return()`, and does not end what waits either when it is disposed of. */
function stubborn(): Idle {
  let isClosed = false;
  let count = 0;
  const source = {
    [Symbol.asyncIterator]: () => ({
      next: () => {
        count += 1;
        return count === 1
          ? Promise.resolve({ done: false, value: 1 })
          : new Promise<never>(() => undefined);
      },
    }),
    [Symbol.asyncDispose]: () => {
      isClosed = true;
      return Promise.resolve();
    },
  };
  return { source, isClosed: () => isClosed };
}

function emitter(): Idle {
  const events = new EventEmitter();
  async function* first(): AsyncGenerator<number> {
    yield 1;
  }
  const idle = on(events, 'number');
  const begun = first();
  const source = {
    [Symbol.asyncIterator]: () => ({
      next: async () => {
        const step = await begun.next();
        return step.done === true ? idle.next() : step;
      },
      return: () => idle.return?.(),
    }),
  };
  return { source: source as never, isClosed: () => events.listenerCount('number') === 0 };
}

const sources: [string, () => Idle][] = [
  ['a Node stream', nodeStream],
  ['a web stream', webStream],
  ['an async disposable', () => disposable('asyncDispose')],
  ['a disposable', () => disposable('dispose')],
  ['a disposable without return()', stubborn],
  ['events of an emitter', emitter],
];

describe.each(sources)('%s that is idle', (_name, make) => {
  describe.each(readers)('read by %s', (_reader, read) => {
    test('is closed when the loop runs out of time', () =>
      testRun(async (_group, loop) => {
        const { source, isClosed } = make();
        await expect(timeout(50, () => collect(read(source)))).rejects.toThrow('50 ms');
        expect(isClosed()).toBe(true);
        expect(loop.now()).toBeLessThanOrEqual(250);
      }));

    test('is closed by return(), which ends the next() that waits', () =>
      testRun(async () => {
        const { source, isClosed } = make();
        const items = read(source);
        expect(await items.next()).toEqual({ done: false, value: 1 });
        const next = items.next();
        await settle();
        await items.return?.();
        expect(await next).toEqual({ done: true, value: undefined });
        expect(isClosed()).toBe(true);
      }));
  });

  test('is closed when concurrentForEach or concurrentMap is cancelled', () =>
    testRun(async () => {
      const [first, second] = [make(), make()];
      const done = () => 'done';
      const limit = 2;
      await moveOnAfter(50, () => concurrentForEach(first.source, done, { limit }));
      await moveOnAfter(50, () => concurrentMap(second.source, done, { limit }));
      expect([first.isClosed(), second.isClosed()]).toEqual([true, true]);
    }));

  test('is closed when the work of concurrentMap fails', () =>
    testRun(async () => {
      const { source, isClosed } = make();
      const failure = new Error('refused');
      const work = () => sleep(10).then(() => Promise.reject(failure));
      await expect(concurrentMap(source, work, { limit: 2 })).rejects.toBe(failure);
      expect(isClosed()).toBe(true);
    }));

  test('is closed when another source fails, or ends', () =>
    testRun(async () => {
      const failure = new Error('refused');
      async function* failing(): AsyncGenerator<number> {
        await sleep(10);
        yield* [];
        throw failure;
      }
      const [merged, zipped] = [make(), make()];
      await expect(collect(merge(merged.source, failing()))).rejects.toBe(failure);
      expect(merged.isClosed()).toBe(true);
      const ended = sleep(10).then(() => [] as number[]);
      async function* short(): AsyncGenerator<number> {
        yield 1;
        yield* await ended;
      }
      expect(await collect(zip(zipped.source, short()))).toEqual([[1, 1]]);
      expect(zipped.isClosed()).toBe(true);
    }));
});

test('a disposable whose return() suffices is not disposed of', () =>
  testRun(async () => {
    const dispose = jest.fn();
    const source = {
      async *[Symbol.asyncIterator]() {
        yield await sleepForever();
      },
      [Symbol.dispose]: dispose,
    };
    for (const [, read] of readers) await moveOnAfter(5, () => collect(read(source as never)));
    await moveOnAfter(5, () => concurrentMap(source, () => 1, { limit: 2 }));
    expect(dispose).not.toHaveBeenCalled();
  }));

test('what fails when an idle stream is closed comes out', () =>
  testRun(async () => {
    const failure = new Error('the cleanup fails');
    const web = new ReadableStream<number>({ cancel: () => Promise.reject(failure) });
    await expect(timeout(5, () => collect(closing(web as never)))).rejects.toBe(failure);
    const node = new Readable({
      read: () => undefined,
      destroy: (_error, done) => {
        done(failure);
      },
    });
    await expect(timeout(5, () => collect(closing(node)))).rejects.toBe(failure);
  }));

test('a stream that closing() has taken is closed, though nobody has begun it', () =>
  testRun(async () => {
    for (const make of [nodeStream, webStream]) {
      const { source, isClosed } = make();
      await closing(source)[Symbol.asyncDispose]();
      expect(isClosed()).toBe(true);
    }
  }));

test('a web stream that has ended, or failed, is free again', () =>
  testRun(async () => {
    const failure = new Error('broken');
    const ending = new ReadableStream<number>({ start: (controller) => controller.close() });
    const failing = new ReadableStream<number>({ start: (c) => c.error(failure) });
    const read = readers[0]![1] as (source: AnySource<number>) => AsyncIterable<number>;
    expect(await collect(read(ending as never))).toEqual([]);
    await expect(collect(read(failing as never))).rejects.toBe(failure);
    expect([ending.locked, failing.locked]).toEqual([false, false]);
  }));
