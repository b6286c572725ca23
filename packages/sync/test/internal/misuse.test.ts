// Bad arguments are answered at once, and name the argument, the value and the cure.
import { testRun } from '@ambit/core/testing';
import {
  Barrier,
  BoundedSemaphore,
  CapacityLimiter,
  channel,
  Condition,
  Event,
  guard,
  KeyedLock,
  Latch,
  Lock,
  memoize,
  Once,
  Queue,
  RateLimiter,
  ReadWriteLock,
  ResourcePool,
  Semaphore,
  TaskTracker,
} from '@ambit/sync';

const any = (value: unknown) => value as never;
const notWhole = [NaN, 1.5, -1, -Infinity];
const nothing = () => undefined;
const poolOf = (options: object) =>
  new ResourcePool(any({ create: nothing, destroy: nothing, max: 1, ...options }));

// rules 174, 198, 231
describe.each<[string, (count: number) => unknown, readonly number[]]>([
  ['Semaphore: permits', (count) => new Semaphore(count), notWhole],
  ['Semaphore: max', (max) => new Semaphore(1, { max }), [...notWhole, 0]],
  ['BoundedSemaphore: permits', (count) => new BoundedSemaphore(count), notWhole],
  ['CapacityLimiter: total', (count) => new CapacityLimiter(count), notWhole],
  ['Barrier: parties', (count) => new Barrier(count), [...notWhole, 0, Infinity]],
  ['Latch: count', (count) => new Latch(count), [...notWhole, Infinity]],
  ['RateLimiter: permits', (permits) => new RateLimiter({ permits, per: 1 }), [...notWhole, 0]],
  ['RateLimiter: per', (per) => new RateLimiter({ permits: 1, per }), [NaN, 0, -1, Infinity]],
  ['RateLimiter: burst', (burst) => new RateLimiter({ permits: 1, per: 1, burst }), [0, 0.5]],
  ['memoize: max', (max) => memoize(nothing, { max }), [...notWhole, 0]],
  ['memoize: ttl', (ttl) => memoize(nothing, { ttl }), [NaN, 0, -1]],
  ['ResourcePool: max', (max) => poolOf({ max }), [...notWhole, 0, Infinity]],
  ['ResourcePool: min', (min) => poolOf({ min }), [...notWhole, 2, Infinity]],
  ['ResourcePool: idleTimeout', (idleTimeout) => poolOf({ idleTimeout }), [NaN, 0]],
  ['ResourcePool: maxAge', (maxAge) => poolOf({ maxAge }), [NaN, -5]],
  ['Semaphore.release: permits', (count) => new Semaphore(1).release(count), [...notWhole, 0]],
  ['Semaphore.tryAcquire: permits', (count) => new Semaphore(1).tryAcquire(count), [NaN, 0]],
  ['Semaphore.resize: permits', (count) => new Semaphore(1).resize(count), notWhole],
  ['BoundedSemaphore.resize: permits', (n) => new BoundedSemaphore(1).resize(n), notWhole],
  ['Latch.countDown: count', (count) => new Latch(1).countDown(count), [...notWhole, 0]],
  ['Condition.notify: count', (count) => new Condition().notify(count), notWhole],
  [
    'RateLimiter.tryAcquire: permits',
    (count) => new RateLimiter({ permits: 1, per: 1 }).tryAcquire(count),
    [...notWhole, 0],
  ],
  [
    'CapacityLimiter: total',
    (count) => {
      new CapacityLimiter(1).total = count;
    },
    notWhole,
  ],
])('%s', (name, call, values) => {
  test.each(values)('%d is a RangeError', (value) => {
    const [where, argument] = name.split(': ');
    expect(() => call(value)).toThrow(RangeError);
    expect(() => call(value)).toThrow(`${where}: ${argument} is ${value}`);
  });

  test('a text is a TypeError', () => {
    expect(() => call(any('1'))).toThrow(TypeError);
    expect(() => call(any('1'))).toThrow('is "1", not a number');
  });
});

test.each<[string, () => unknown, string]>([
  ['Lock', () => new Lock(any('db')), 'options is "db"'],
  ['Lock', () => new Lock({ name: any(5) }), 'name is 5'],
  ['Event', () => new Event({ name: any(null) }), 'name is null'],
  ['KeyedLock', () => new KeyedLock({ name: any([]) }), 'name is an array'],
  ['KeyedLock', () => new KeyedLock(any(5)), 'options is 5'],
  ['Condition', () => new Condition(any({})), 'lock is an object'],
  ['TaskTracker', () => new TaskTracker({ name: any(Symbol('x')) }), 'name is Symbol(x)'],
  ['ReadWriteLock', () => new ReadWriteLock({ preferring: any('me') }), 'preferring is "me"'],
  ['guard', () => guard(any(nothing)), 'action is function nothing'],
  ['guard', () => guard(any(() => 1)), 'action is function (anonymous)'],
  ['memoize', () => memoize(any(1)), 'fn is 1'],
  ['memoize', () => memoize(nothing, { key: any('id') }), 'key is "id"'],
  ['memoize', () => memoize(nothing, any(7)), 'options is 7'],
  ['RateLimiter', () => new RateLimiter(any(undefined)), 'permits is undefined'],
  ['ResourcePool', () => new ResourcePool(any(undefined)), 'create is undefined'],
  ['ResourcePool', () => poolOf({ destroy: 1 }), 'destroy is 1'],
  ['ResourcePool', () => poolOf({ validate: true }), 'validate is true'],
  ['TaskTracker.track', () => new TaskTracker().track(any(nothing)), 'work is function nothing'],
  // What JSON makes of Infinity, and of what is not known, is not taken for "not given".
  ['Queue', () => new Queue({ capacity: any(null) }), 'capacity is null'],
  ['channel', () => channel(1, { onFull: any(null) }), 'onFull is null'],
  ['ReadWriteLock', () => new ReadWriteLock({ preferring: any(null) }), 'preferring is null'],
  [
    'RateLimiter',
    () => new RateLimiter({ permits: 1, per: 1, window: any(null) }),
    'window is null',
  ],
  ['ResourcePool', () => poolOf({ min: null }), 'min is null'],
  ['ResourcePool', () => poolOf({ idleTimeout: null }), 'idleTimeout is null'],
  ['ResourcePool', () => poolOf({ maxAge: null }), 'maxAge is null'],
  [
    'Queue.shutdown',
    () => new Queue().shutdown({ immediate: any('yes') }),
    'immediate is "yes"; give true or false',
  ],
])('%s: a wrong argument is a TypeError that says so', (where, call, text) => {
  expect(call).toThrow(TypeError);
  expect(call).toThrow(`${where}: ${text}`);
});

const limiter = new RateLimiter({ permits: 1, per: 1 });

test.each<[string, () => Promise<unknown>, string]>([
  ['Lock.run', () => new Lock().run(any(1)), 'body is 1'],
  [
    'Semaphore.run',
    () => new Semaphore(1).run(any(Promise.resolve())),
    'body is a promise, not a function; give the function itself',
  ],
  ['Semaphore.acquire', () => new Semaphore(1).acquire(any(2)), 'options is 2'],
  ['Semaphore.acquire', () => new Semaphore(1).acquire({ permits: any('2') }), 'permits is "2"'],
  ['CapacityLimiter.run', () => new CapacityLimiter(1).run(any(1)), 'body is 1'],
  ['Condition.waitFor', () => new Condition().waitFor(any(true)), 'predicate is true'],
  ['KeyedLock.run', () => new KeyedLock().run(1, any(1)), 'body is 1'],
  ['Once.get', () => new Once().get(any(1)), 'init is 1'],
  ['RateLimiter.run', () => limiter.run(any(1)), 'body is 1'],
  ['RateLimiter.acquire', () => limiter.acquire({ permits: any(null) }), 'permits is null'],
  ['ResourcePool.use', () => poolOf({}).use(any(1)), 'body is 1'],
])('%s: a wrong argument rejects with a TypeError that says so', (where, call, text) =>
  testRun(async () => {
    await expect(call()).rejects.toThrow(TypeError);
    await expect(call()).rejects.toThrow(`${where}: ${text}`);
  }),
);

test.each(['acquire', 'run'] as const)('a signal that is none is a TypeError: Lock.%s', (method) =>
  testRun(async () => {
    const lock = new Lock();
    const options = { signal: any('stop') };
    const call = method === 'run' ? lock.run(nothing, options) : lock.acquire(options);
    await expect(call).rejects.toThrow(/signal is "stop", not an AbortSignal/);
    expect(lock.locked).toBe(false);
  }),
);
