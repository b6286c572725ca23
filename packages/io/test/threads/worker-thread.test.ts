import { EventEmitter } from 'node:events';
import { MessageChannel } from 'node:worker_threads';
import { WorkerCall } from '../../src/threads/worker-call.ts';
import { WorkerChannel } from '../../src/threads/worker-channel.ts';
import { WorkerThread } from '../../src/threads/worker-thread.ts';
import type { PiscinaClass } from '../../src/threads/worker-thread.ts';

// What cannot be had from a real thread at will: one that dies before the call has begun.

class FakePiscina extends EventEmitter {
  static last: FakePiscina;
  readonly threads: unknown[] = [];
  readonly options: Record<string, unknown>;
  destroyed = 0;
  reject: (error: Error) => void = () => undefined;

  constructor(options: Record<string, unknown>) {
    super();
    this.options = options;
    FakePiscina.last = this;
  }

  /** Queued, for its thread is starting. */
  run(): Promise<void> {
    return new Promise((_resolve, reject) => {
      this.reject = reject;
    });
  }

  async destroy(): Promise<void> {
    this.destroyed += 1;
    this.emit('workerDestroy');
    this.reject(new Error('Terminating worker thread'));
  }
}

const Fake = FakePiscina as unknown as PiscinaClass;
const options = { idleTimeout: 10, resourceLimits: undefined };

function task(): Parameters<WorkerThread['run']>[0] {
  const { port1, port2 } = new MessageChannel();
  port2.close();
  return { id: 1, module: 'file:///m', name: 'f', end: { port: port1, flag: new Int32Array(1) } };
}

// rule 252
test('a call whose thread dies of an error before it begins fails, and is taken out of the queue', async () => {
  const thread = new WorkerThread(Fake, options);
  const ran = thread.run(task());
  FakePiscina.last.emit('error', new Error('cannot start'));
  await expect(ran).rejects.toThrow('cannot start');
  expect(FakePiscina.last.destroyed).toBe(1);
});

// rule 252
test('a call whose thread exits before it begins fails, too', async () => {
  const thread = new WorkerThread(Fake, options);
  const ran = thread.run(task());
  FakePiscina.last.emit('workerDestroy');
  await expect(ran).rejects.toThrow('the thread ended before the call began');
  expect(FakePiscina.last.destroyed).toBe(1);
});

test('a call that is killed rejects once, and the thread can be used again', async () => {
  const thread = new WorkerThread(Fake, options);
  for (let i = 0; i < 2; i += 1) {
    const ran = thread.run(task());
    const killed = thread.kill();
    await expect(ran).rejects.toThrow('Terminating');
    await killed;
  }
});

test('idle for more than a timer can hold is idle forever', () => {
  new WorkerThread(Fake, { idleTimeout: 2 ** 40, resourceLimits: undefined });
  expect(FakePiscina.last.options['idleTimeout']).toBe(Infinity);
  new WorkerThread(Fake, { idleTimeout: 5, resourceLimits: { stackSizeMb: 8 } });
  expect(FakePiscina.last.options).toMatchObject({
    idleTimeout: 5,
    maxThreads: 1,
    resourceLimits: { stackSizeMb: 8 },
  });
});

test('a value that was on its way when the thread was killed is not lost', async () => {
  let over: (error: Error) => void = () => undefined;
  const order = { module: 'file:///m', name: 'f', args: [], transfer: [], grace: 0 };
  const call = new WorkerCall(
    { ...order, onCancel: 'terminate' },
    {
      channel: new WorkerChannel(),
      run: ({ end }) => {
        end!.port.postMessage({ is: 'value', value: 7 });
        return new Promise((_resolve, reject) => {
          over = reject;
        });
      },
      kill: async () => {
        over(new Error('terminated'));
      },
    },
  );
  expect(await call.stop('not any more')).toEqual({ is: 'value', value: 7 });
});

test('the next thread has a channel of its own; that of a thread which goes on is the same', async () => {
  const thread = new WorkerThread(Fake, options);
  const first = thread.channel;
  expect(thread.channel).toBe(first);
  expect([first.takeEnd(), first.takeEnd()]).toEqual([expect.anything(), undefined]);
  FakePiscina.last.emit('workerDestroy');
  const second = thread.channel;
  expect(second).not.toBe(first);
  await thread.kill();
  expect(thread.channel).not.toBe(second);
  await thread.kill();
});
