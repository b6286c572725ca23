import { snapshot } from '@ambit/core/inspect';
import type { Snapshot } from '@ambit/core/inspect';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { TurnMeter } from './turn-meter.ts';
import type { Turns } from './turn-meter.ts';

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
  /** Milliseconds since the last report: what `utilization`, `delay` and `cpu` are about. */
  readonly since: number;
  /** Milliseconds of each task's turns since the last report, by its id; while a client watches with `cpu`. */
  readonly cpu?: Record<number, number>;
  /** The same by the names of tasks, the longest first: tasks that have ended by now are in it too. */
  readonly busiest?: Turns['busiest'];
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
  #taken = performance.now();
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
      this.#last = { at, report: this.#take(at) };
    }
    return this.#last.report;
  }

  #take(at: number): Report {
    const since = at - this.#taken;
    this.#taken = at;
    const usage = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(usage, this.#usage);
    this.#usage = usage;
    const seen = snapshot();
    const { tree } = seen;
    const runs = tree.children.some(({ kind }) => kind === 'run') ? tree.children : [tree];
    return {
      ...seen,
      runs,
      pid: process.pid,
      name: this.#name,
      uptime: process.uptime(),
      rss: process.memoryUsage.rss(),
      utilization,
      delay: this.#takeDelay(),
      since,
      ...this.#turns.take(),
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
