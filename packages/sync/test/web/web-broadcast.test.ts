import { CancelScope, sleep } from '@ambit/core';
import { reportedErrors } from '../../../core/test/support/reported-errors.ts';
import { ClosedError, LaggedError } from '../../src/index.ts';
import { WebBroadcast } from '../../src/web.ts';

let name = '';
let count = 0;

beforeEach(() => {
  count += 1;
  name = `test ${String(process.pid)} ${String(count)}`;
});

const options = { onLag: 'drop-oldest' } as const;

async function firstOf<T>(items: AsyncIterable<T>, n: number): Promise<T[]> {
  const got: T[] = [];
  for await (const item of items) {
    got.push(item);
    if (got.length === n) break;
  }
  return got;
}

test('an item comes to the subscribers here, and at every far end, in order', async () => {
  using here = new WebBroadcast<number>(name, options);
  using there = new WebBroadcast<number>(name, options);
  const all = [here, there, there].map((end) => firstOf(end.subscribe(), 3));
  for (const item of [1, 2, 3]) await here.publish(item);
  expect(await Promise.all(all)).toEqual([
    [1, 2, 3],
    [1, 2, 3],
    [1, 2, 3],
  ]);
  expect(there.statistics().subscribers).toBe(0);
});

test('what other code posts to the channel is an item, and the other way round', async () => {
  using here = new WebBroadcast<string>(name, options);
  const bare = new BroadcastChannel(name);
  const got = new Promise((resolve) => {
    bare.onmessage = (event) => resolve((event as MessageEvent).data);
  });
  const items = firstOf(here.subscribe(), 1);
  bare.postMessage('of others');
  expect(await items).toEqual(['of others']);
  await here.publish('ours');
  expect(await got).toBe('ours');
  bare.close();
});

test('an item comes although the scope that opened the channel was cancelled', async () => {
  const scope = new CancelScope();
  let opened: WebBroadcast<number> | undefined;
  await scope.run(async () => {
    opened = new WebBroadcast<number>(name, options);
    scope.cancel();
    await sleep(0);
  });
  using here = opened as WebBroadcast<number>;
  using there = new WebBroadcast<number>(name, options);
  const items = firstOf(here.subscribe(), 1);
  await there.publish(5);
  expect(await items).toEqual([5]);
});

test('a new subscriber gets the last items, and one that lags is told', async () => {
  using here = new WebBroadcast<number>(name, { onLag: 'error', capacity: 2, replay: 1 });
  await here.publish(1);
  const early = here.subscribe();
  for (const item of [2, 3, 4]) await here.publish(item);
  await expect(firstOf(early, 1)).rejects.toBeInstanceOf(LaggedError);
  expect(await firstOf(here.subscribe(), 1)).toEqual([4]);
});

test('an item that cannot be copied comes to no subscriber', async () => {
  using here = new WebBroadcast<unknown>(name, options);
  const subscription = here.subscribe();
  await expect(here.publish(() => 1)).rejects.toMatchObject({ name: 'DataCloneError' });
  await expect(here.publish(1, { signal: AbortSignal.abort('enough') })).rejects.toBe('enough');
  await here.publish('fine');
  expect(await firstOf(subscription, 1)).toEqual(['fine']);
});

test('an item that cannot be read here is an uncaught error, and the next one comes', async () => {
  const Original = globalThis.BroadcastChannel;
  const channels: EventTarget[] = [];
  globalThis.BroadcastChannel = class extends Original {
    constructor(of: string) {
      super(of);
      channels.push(this);
    }
  };
  using here = new WebBroadcast<unknown>(name, options);
  globalThis.BroadcastChannel = Original;
  const items = firstOf(here.subscribe(), 1);
  const reported = reportedErrors(() => channels[0]?.dispatchEvent(new Event('messageerror')));
  expect(String(reported[0])).toMatch(/an item for ".*" came that cannot be read here/);
  using there = new WebBroadcast<unknown>(name, options);
  await there.publish('fine');
  expect(await items).toEqual(['fine']);
});

test('close ends the subscriptions here once they are read, and leaves the far ends alone', async () => {
  const here = new WebBroadcast<number>(name, options);
  using there = new WebBroadcast<number>(name, options);
  const mine = here.subscribe();
  const theirs = there.subscribe();
  await here.publish(1);
  expect(await theirs.next()).toMatchObject({ value: 1 });
  here.close();
  here.close();
  expect(await firstOf(mine, 9)).toEqual([1]);
  await expect(here.publish(2)).rejects.toBeInstanceOf(ClosedError);
  await there.publish(3);
  expect(await theirs.next()).toMatchObject({ value: 3 });
});

test.each([
  [() => new WebBroadcast(7 as never, options), 'WebBroadcast: name is 7; give a string'],
  [() => new WebBroadcast('a', { onLag: 'wait' as never }), /WebBroadcast: onLag is "wait"/],
  [() => new WebBroadcast('a', undefined as never), /WebBroadcast: onLag is undefined/],
  [() => new WebBroadcast('a', { onLag: 'error', capacity: 0 }), /capacity is 0/],
])('%s is refused', (make, message) => {
  expect(make).toThrow(message);
});

test('without BroadcastChannel the constructor says what to use', () => {
  const before = Object.getOwnPropertyDescriptor(globalThis, 'BroadcastChannel');
  Object.defineProperty(globalThis, 'BroadcastChannel', { value: undefined, configurable: true });
  try {
    expect(() => new WebBroadcast(name, options)).toThrow(/use Broadcast within one page/);
  } finally {
    Object.defineProperty(globalThis, 'BroadcastChannel', before as PropertyDescriptor);
  }
});
