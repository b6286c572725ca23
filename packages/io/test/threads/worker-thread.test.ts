import { EventEmitter } from 'node:events';
import workerThreads from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { sleep } from '@ambit/core';
import type { ThreadEnd, WorkerReply } from '../../src/threads/worker-messages.ts';
import { WorkerCall } from '../../src/threads/worker-call.ts';
import type { WorkerOrder } from '../../src/threads/worker-call.ts';
import { WorkerThread } from '../../src/threads/worker-thread.ts';

// What cannot be had from a real thread at will: one that dies before the call has begun, or right after its answer.

class FakeWorker extends EventEmitter {
  static all: FakeWorker[] = [];
  readonly options: { readonly workerData: ThreadEnd; readonly resourceLimits?: object };
  terminated = 0;

  constructor(_file: string, options: FakeWorker['options']) {
    super();
    this.options = options;
    FakeWorker.all.push(this);
  }

  get port(): MessagePort {
    return this.options.workerData.port;
  }

  answer(reply: WorkerReply): void {
    this.port.postMessage(reply);
  }

  ref(): void {
    // A process of tests ends by itself.
  }

  unref(): void {
    // As above.
  }

  async terminate(): Promise<void> {
    this.terminated += 1;
    await Promise.resolve();
    this.end(1);
  }

  end(code: number): void {
    this.port.close();
    this.emit('exit', code);
  }
}

const { Worker } = workerThreads;

beforeEach(() => {
  FakeWorker.all = [];
  Object.assign(workerThreads, { Worker: FakeWorker });
});

afterEach(() => {
  for (const { port } of FakeWorker.all) port.close();
  Object.assign(workerThreads, { Worker });
});

const options = { idleTimeout: Infinity, resourceLimits: undefined };
const order: WorkerOrder = {
  ...{ module: 'file:///m', name: 'f', args: [], transfer: [] },
  ...{ onCancel: 'terminate', grace: 0 },
};

function last(): FakeWorker {
  const worker = FakeWorker.all.at(-1);
  if (worker === undefined) throw new Error('no thread was started');
  return worker;
}

// rule 252
test('a call whose thread dies of an error before it begins is broken by it', async () => {
  const call = new WorkerThread(options).begin(order);
  const cause = new Error('cannot start');
  last().emit('error', cause);
  last().end(1);
  expect(await call).toEqual({ is: 'broken', cause });
});

// rule 252
test('a call whose thread exits before it begins is broken, too', async () => {
  const call = new WorkerThread(options).begin(order);
  last().end(3);
  expect(await call).toEqual({ is: 'broken', cause: new Error('worker exited with code: 3') });
});

test('a call that is killed is cancelled, and another thread runs the next', async () => {
  const thread = new WorkerThread(options);
  for (let count = 1; count <= 2; count += 1) {
    const call = thread.begin(order);
    await thread.kill();
    expect(await call).toEqual({ is: 'cancelled' });
    expect(thread.isRunning).toBe(false);
    expect(FakeWorker.all).toHaveLength(count);
  }
});

test('the end waits for each thread that is ending, not only for the last one', async () => {
  const thread = new WorkerThread(options);
  void thread.begin(order);
  const first = last();
  first.terminate = () => Promise.resolve();
  const ended: string[] = [];
  const ends = [thread.kill().then(() => ended.push('first'))];
  void thread.begin(order);
  const second = last();
  expect(second).not.toBe(first);
  ends.push(thread.kill().then(() => ended.push('all')));
  await sleep(5);
  expect([second.terminated, ended]).toEqual([1, []]);
  first.end(1);
  await Promise.all(ends);
  expect(ended).toEqual(['first', 'all']);
});

test('a thread that has died by itself is no more; the next call starts one', async () => {
  const thread = new WorkerThread(options);
  const call = thread.begin(order);
  last().end(0);
  expect(thread.isRunning).toBe(false);
  await call;
  const next = thread.begin(order);
  last().answer({ is: 'value', value: 1 });
  expect(await next).toEqual({ is: 'value', value: 1 });
  expect(FakeWorker.all).toHaveLength(2);
});

test('a value that was on its way when the thread was killed is not lost', async () => {
  const call = new WorkerCall(order, new WorkerThread(options));
  last().answer({ is: 'value', value: 7 });
  expect(await call.stop('not any more')).toEqual({ is: 'value', value: 7 });
  expect(last().terminated).toBe(1);
});

test('a call that is over tells its thread no more: that has another one', async () => {
  const thread = new WorkerThread(options);
  const call = new WorkerCall(order, thread);
  last().answer({ is: 'value', value: 7 });
  await call.wait();
  call.abandon('late');
  await sleep(5);
  expect(last().options.workerData.flag[0]).toBe(0);
});

describe('an idle thread', () => {
  /** One whose first call is over. */
  async function afterCall(idleTimeout: number): Promise<WorkerThread> {
    const thread = new WorkerThread({ ...options, idleTimeout });
    const call = thread.begin(order);
    last().answer({ is: 'cancelled' });
    await call;
    return thread;
  }

  test('ends after its time', async () => {
    const thread = await afterCall(5);
    thread.rest();
    await sleep(20);
    expect(last().terminated).toBe(1);
    expect(thread.isRunning).toBe(false);
  });

  test('does not while it has a call, and does after that', async () => {
    const thread = await afterCall(5);
    thread.rest();
    const next = thread.begin(order);
    await sleep(20);
    expect(last().terminated).toBe(0);
    last().answer({ is: 'value', value: 2 });
    expect(await next).toEqual({ is: 'value', value: 2 });
    thread.rest();
    await sleep(20);
    expect(last().terminated).toBe(1);
  });

  test('has its whole time after each call', async () => {
    const thread = await afterCall(40);
    thread.rest();
    for (let call = 0; call < 3; call += 1) {
      await sleep(20);
      const next = thread.begin(order);
      last().answer({ is: 'cancelled' });
      await next;
      thread.rest();
    }
    expect(FakeWorker.all).toHaveLength(1);
    expect(last().terminated).toBe(0);
  });

  test('whose time is more than a timer can hold stays', async () => {
    const thread = await afterCall(2 ** 40);
    thread.rest();
    await sleep(20);
    expect(thread.isRunning).toBe(true);
  });

  test('that is being ended is left alone by the next call; the end of the pool waits for both', async () => {
    const thread = await afterCall(Infinity);
    const ending = thread.kill();
    const next = thread.begin(order);
    expect(FakeWorker.all).toHaveLength(2);
    last().answer({ is: 'value', value: 3 });
    expect(await next).toEqual({ is: 'value', value: 3 });
    await ending;
  });
});

test('has the limits that it was given', () => {
  const resourceLimits = { stackSizeMb: 8 };
  void new WorkerThread({ ...options, resourceLimits }).begin(order);
  expect(last().options.resourceLimits).toEqual(resourceLimits);
  void new WorkerThread(options).begin(order);
  expect(last().options).not.toHaveProperty('resourceLimits');
});
