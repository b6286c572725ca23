import {
  batch,
  buffer,
  closing,
  interval,
  mapConcurrent,
  merge,
  safe,
  zip,
} from '@ambit/core/iter';
import { fromAbortable } from '@ambit/core/abort';
import { expectTypeOf } from 'expect-type';

test('types follow the items', () => {
  type Items<T> = AsyncIterableIterator<T> & AsyncDisposable;
  const numbers = async function* (): AsyncGenerator<number> {
    yield await Promise.resolve(1);
  };
  expectTypeOf(buffer(numbers(), 1)).toEqualTypeOf<Items<number>>();
  expectTypeOf(buffer([Promise.resolve('a')], 1)).toEqualTypeOf<Items<string>>();
  expectTypeOf(merge(numbers(), ['a'])).toEqualTypeOf<Items<number | string>>();
  expectTypeOf(zip(numbers(), ['a'])).toEqualTypeOf<Items<[number, string]>>();
  expectTypeOf(batch(numbers(), { size: 2 })).toEqualTypeOf<Items<number[]>>();
  expectTypeOf(interval(5)).toEqualTypeOf<Items<number>>();
  expectTypeOf(closing([1].values())).toEqualTypeOf<Items<number>>();
  expectTypeOf(
    mapConcurrent(numbers(), (item) => Promise.resolve(String(item)), { limit: 1 }),
  ).toEqualTypeOf<Items<string>>();
  const range = safe(async function* (to: number) {
    yield await Promise.resolve(to);
  });
  expectTypeOf(range).parameters.toEqualTypeOf<[to: number]>();
  expectTypeOf(range(5)).toEqualTypeOf<Items<number>>();
  // @ts-expect-error: it has a parameter, so it has to be called.
  expect(range.next).toBeDefined();
  expectTypeOf(safe(numbers).next()).resolves.toEqualTypeOf<IteratorResult<number>>();
  const fetchText = fromAbortable((_signal, url: string) => Promise.resolve(url.length));
  expectTypeOf(fetchText).toEqualTypeOf<(url: string) => Promise<number>>();
});
