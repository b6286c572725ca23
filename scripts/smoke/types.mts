// What users write, by every door: compiled with each TypeScript they may have, their libraries checked too.
import {
  asCompleted,
  CancelledError,
  CancelScope,
  concurrentMap,
  ContextVar,
  defineResource,
  Future,
  gather,
  isCancelled,
  race,
  retry,
  run,
  sleep,
  Task,
  TaskGroup,
  taskGroup,
  timeout,
  use,
} from '@ambit/core';
import type { EventLoop, RunOptions, ScopeOptions, TaskFunction } from '@ambit/core';
import { anySignal, execute, onAbort, proactiveRetry, waitForEvent } from '@ambit/core/abort';
import { batch, interval, mapConcurrent, merge, safe, zip } from '@ambit/core/iter';
import { park, ParkingLot, throwIfCancelled } from '@ambit/core/lowlevel';
import { permute, testRun, VirtualLoop } from '@ambit/core/testing';
import { Broadcast, channel, Lock, memoize, Queue, select, Semaphore } from '@ambit/sync';
import type { Guard } from '@ambit/sync';

export const sum: Promise<number> = taskGroup(async (group) => {
  const child = group.spawn(() => sleep(1, { value: 'text' }));
  return (await child).length;
});
// @ts-expect-error: the body's value is a number.
export const text: Promise<string> = taskGroup(() => 1);

export async function core(signal: AbortSignal): Promise<void> {
  const [one, two]: [number, string] = await gather([() => 1, () => sleep(1, { value: 'two' })]);
  const named: { a: number; b: string } = await gather({ a: () => one, b: () => two });
  const first: number | string = await race([() => named.a, () => named.b]);
  const lengths: number[] = await concurrentMap([first], (item) => String(item).length, {
    limit: 2,
  });
  const cut: number | undefined = await new CancelScope({ signal }).run(() => lengths[0]);
  const page: string = await retry((attempt) => `page ${attempt + (cut ?? 0)}`, { attempts: 2 });
  await timeout(10, async (scope) => scope.throwIfCancelled());
  for await (const done of asCompleted([() => page])) void done;
  const user = new ContextVar<string>({ name: 'user' });
  user.run('ann', () => user.get()?.length);
  const options: RunOptions & ScopeOptions = { grace: 10, timeout: 5 };
  const fn: TaskFunction<number> = (task: Task<number>) => task.id;
  await run((group) => group.spawn(fn), options);
  const connection = defineResource(async function* (url: string) {
    yield url.length;
  });
  const size: number = await use(connection('db'), (length) => length);
  const future = new Future<number>();
  future.resolve(size);
  try {
    await future.wait({ signal });
  } catch (error) {
    if (isCancelled(error)) throw new CancelledError(error.scope, error.source, error.reason);
  }
  const group: AsyncDisposable = new TaskGroup({ limit: 1 });
  await group[Symbol.asyncDispose]();
}

export async function doors(signal: AbortSignal): Promise<void> {
  const both: { readonly signal: AbortSignal } & Disposable = anySignal(signal);
  onAbort(both.signal, (reason) => void reason)[Symbol.dispose]();
  const value: number = await execute<number>((resolve) => {
    resolve(1);
    return () => undefined;
  });
  await proactiveRetry((own, attempt) => Promise.resolve(own.aborted || attempt > value));
  await waitForEvent(new EventTarget(), 'ready');
  for await (const n of merge(
    [1],
    mapConcurrent([2], (n) => n + 1, { limit: 2 }),
  ))
    n.toFixed();
  for await (const [a, b] of zip([1], ['text'])) b.repeat(a);
  for await (const many of batch(interval(1), { size: 2, within: 5 })) many.length.toFixed();
  const numbers = safe(async function* (upTo: number) {
    yield upTo;
  });
  for await (const n of numbers(3)) n.toFixed();

  throwIfCancelled({ signal });
  const woken: string = await park<string>((waker) => void waker.wake('woken'));
  const lot = new ParkingLot<string>();
  lot.unpark(1, woken);
  const loop: EventLoop = new VirtualLoop();
  await testRun((_group, virtual) => virtual.advance(loop.now()));
  await permute(() => undefined, { runs: 1 });
}

export async function sync(): Promise<void> {
  const [sender, receiver] = channel<number>(1);
  await sender.send(1);
  for await (const item of receiver) item.toFixed();
  const guard: Guard = await new Lock().acquire();
  guard[Symbol.dispose]();
  const queue = new Queue<string>({ capacity: 1 });
  const item: string = await queue.get();
  const load = memoize((key: string) => Promise.resolve(key.length));
  const length: number = await load(item);
  await new Semaphore(length).acquire();
  new Broadcast<number>({ capacity: length, onLag: 'drop-oldest' });
  void select;
}
