import { currentTask } from '@ambit/core';
import { snapshot } from '@ambit/core/inspect';
import type { Snapshot } from '@ambit/core/inspect';
import { createHook } from 'node:async_hooks';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';

/** What the inspector answers: a snapshot, and how the process is. */
export interface Report extends Snapshot {
  readonly pid: number;
  readonly name: string;
  /** Seconds. */
  readonly uptime: number;
  /** Bytes. */
  readonly rss: number;
  /** Of the time since the last report, from 0 to 1: how long the event loop was busy. */
  readonly utilization: number;
  /** Milliseconds that the event loop was late since the last report. */
  readonly delay: { readonly mean: number; readonly max: number };
  readonly runs: readonly Snapshot['tree'][];
  /** Milliseconds of each task's turns since the last report, by its id; while a client watches with `cpu`. */
  readonly cpu?: Record<number, number>;
}

/** Milliseconds between two looks at the event loop. */
const RESOLUTION = 10;
/** A snapshot costs the program something: at most 10 a second. */
const LEAST_AGE = 100;

/** Measures the process while an inspector is open. */
export class VitalSigns implements Disposable {
  readonly #name: string;
  readonly #delay = monitorEventLoopDelay({ resolution: RESOLUTION });
  readonly #turns = new TurnMeter();
  #usage = performance.eventLoopUtilization();
  #last: { readonly at: number; readonly report: Report } | undefined;

  constructor(name: string) {
    this.#name = name;
    this.#delay.enable();
  }

  [Symbol.dispose](): void {
    this.#delay.disable();
    this.#turns[Symbol.dispose]();
  }

  /** Measures the turns of tasks until the result is called: that makes each callback slower. */
  watchTurns(): () => void {
    return this.#turns.start();
  }

  report(): Report {
    const at = performance.now();
    if (this.#last === undefined || at - this.#last.at >= LEAST_AGE) {
      this.#last = { at, report: this.#take() };
    }
    return this.#last.report;
  }

  #take(): Report {
    const usage = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(usage, this.#usage);
    this.#usage = usage;
    const seen = snapshot();
    const { tree } = seen;
    const runs = tree.children.some(({ kind }) => kind === 'run') ? tree.children : [tree];
    const cpu = this.#turns.take();
    return {
      ...seen,
      runs,
      pid: process.pid,
      name: this.#name,
      uptime: process.uptime(),
      rss: process.memoryUsage.rss(),
      utilization,
      delay: this.#takeDelay(),
      ...(cpu === undefined ? {} : { cpu }),
    };
  }

  #takeDelay(): Report['delay'] {
    const { mean, max } = this.#delay;
    this.#delay.reset();
    // What is measured is the time between two looks.
    const late = (nanoseconds: number): number =>
      Number.isFinite(nanoseconds) ? Math.max(0, nanoseconds / 1e6 - RESOLUTION) : 0;
    return { mean: late(mean), max: late(max) };
  }
}

/** How long each task's turns take, by a hook that is on only while a client watches. */
class TurnMeter implements Disposable {
  readonly #times = new Map<number, number>();
  readonly #starts: number[] = [];
  #users = 0;
  readonly #hook = createHook({
    before: () => {
      this.#starts.push(performance.now());
    },
    after: () => {
      const start = this.#starts.pop();
      const task = currentTask();
      if (start === undefined || task === undefined) return;
      const spent = performance.now() - start;
      this.#times.set(task.id, (this.#times.get(task.id) ?? 0) + spent);
    },
  });

  start(): () => void {
    this.#users += 1;
    if (this.#users === 1) this.#hook.enable();
    let isOn = true;
    return () => {
      if (isOn) this.#users -= 1;
      isOn = false;
      if (this.#users === 0) this[Symbol.dispose]();
    };
  }

  [Symbol.dispose](): void {
    this.#hook.disable();
    this.#starts.length = 0;
    this.#times.clear();
  }

  take(): Record<number, number> | undefined {
    if (this.#users === 0) return undefined;
    const times = [...this.#times].map(([id, ms]) => [id, Math.round(ms * 100) / 100] as const);
    this.#times.clear();
    return Object.fromEntries(times);
  }
}
