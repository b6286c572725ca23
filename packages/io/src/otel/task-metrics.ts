import type { Task } from '@ambit/core';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { OtelApi, OtelMeter, OtelObservable, OtelResult } from './otel-api.ts';
import { spanNameOf } from './span-name.ts';
import type { Subscriptions } from './subscriptions.ts';
import type { QueueMessage } from './task-message.ts';

/** Milliseconds between two looks at the event loop. */
const RESOLUTION = 10;
const NANOSECONDS = 1e9;

/** Counts tasks and measures the event loop and the queues. */
export class TaskMetrics implements Disposable {
  readonly #meter: OtelMeter;
  /** Those that were spawned and have not begun, and have begun and not ended. */
  readonly #queued = new WeakSet<Task<unknown>>();
  readonly #alive = new WeakSet<Task<unknown>>();
  #queuedCount = 0;
  #aliveCount = 0;
  readonly #queues = new Map<WeakRef<QueueMessage['queue']>, string>();
  readonly #delay = monitorEventLoopDelay({ resolution: RESOLUTION });
  readonly #observed: (() => void)[] = [];

  constructor(api: OtelApi, subscriptions: Subscriptions) {
    this.#meter = api.metrics.getMeter('@ambit/io');
    this.#delay.enable();
    this.#countTasks(subscriptions);
    subscriptions.on('ambit:queue:open', ({ queue, name }) => {
      if (name !== '') this.#queues.set(new WeakRef(queue), spanNameOf(name));
    });
    this.#observeAll();
  }

  [Symbol.dispose](): void {
    this.#delay.disable();
    for (const forget of this.#observed.splice(0)) forget();
  }

  #countTasks(subscriptions: Subscriptions): void {
    const ended = this.#meter.createCounter('ambit.tasks.ended', {
      description: 'Tasks that have ended, by what came of them',
      unit: '{task}',
    });
    const cancelled = this.#meter.createCounter('ambit.tasks.cancelled', {
      description: 'Tasks that ended because they were cancelled',
      unit: '{task}',
    });
    subscriptions.on('ambit:task:spawn', ({ task }) => {
      this.#alive.add(task);
      this.#queued.add(task);
      this.#aliveCount += 1;
      this.#queuedCount += 1;
    });
    subscriptions.on('ambit:task:begin', ({ task }) => {
      this.#leaveQueue(task);
    });
    subscriptions.on('ambit:task:settle', ({ task, state }) => {
      this.#leaveQueue(task);
      if (this.#alive.delete(task)) this.#aliveCount -= 1;
      ended.add(1, { 'ambit.task.state': state });
      if (state === 'cancelled') cancelled.add(1);
    });
  }

  #leaveQueue(task: Task<unknown>): void {
    if (this.#queued.delete(task)) this.#queuedCount -= 1;
  }

  #observeAll(): void {
    this.#observe(
      this.#meter.createObservableUpDownCounter('ambit.tasks.alive', {
        description: 'Tasks that were spawned and have not ended',
        unit: '{task}',
      }),
      (result) => {
        result.observe(this.#aliveCount);
      },
    );
    this.#observe(
      this.#meter.createObservableUpDownCounter('ambit.tasks.queued', {
        description: 'Tasks that wait for their turn in a group with a limit',
        unit: '{task}',
      }),
      (result) => {
        result.observe(this.#queuedCount);
      },
    );
    this.#observeLag();
    this.#observe(
      this.#meter.createObservableGauge('ambit.queue.length', {
        description: 'Items that the queues and channels of a name store',
        unit: '{item}',
      }),
      (result) => {
        this.#observeQueues(result);
      },
    );
  }

  #observeLag(): void {
    this.#observe(
      this.#meter.createObservableGauge('ambit.loop.lag', {
        description: 'The longest time that the event loop was late, since the last collection',
        unit: 's',
      }),
      (result) => {
        result.observe(this.#takeLag());
      },
    );
  }

  #observe(instrument: OtelObservable, callback: (result: OtelResult) => void): void {
    instrument.addCallback(callback);
    this.#observed.push(() => {
      instrument.removeCallback(callback);
    });
  }

  #takeLag(): number {
    const { max } = this.#delay;
    this.#delay.reset();
    // What is measured is the time between two looks.
    return Math.max(0, max / NANOSECONDS - RESOLUTION / 1000);
  }

  #observeQueues(result: OtelResult): void {
    const lengths = new Map<string, number>();
    for (const [reference, name] of this.#queues) {
      const queue = reference.deref();
      if (queue === undefined) this.#queues.delete(reference);
      else lengths.set(name, (lengths.get(name) ?? 0) + queue.size);
    }
    for (const [name, length] of lengths) result.observe(length, { 'ambit.queue.name': name });
  }
}
