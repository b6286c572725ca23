import { currentTask } from '@ambit/core';
import { createHook } from 'node:async_hooks';
import { performance } from 'node:perf_hooks';

/** How long the turns of tasks took, in milliseconds. */
export interface Turns {
  /** By the ids of tasks. */
  readonly cpu: Record<number, number>;
  /** By the names of tasks, the longest first, a few of them. */
  readonly busiest: readonly {
    readonly name: string;
    readonly tasks: number;
    readonly ms: number;
  }[];
}

/** How many names are told. */
const NAMES = 8;

/** Measures how long each task's turns take, by a hook that is on only while a client watches. */
export class TurnMeter implements Disposable {
  readonly #spent = new Map<number, { readonly name: string; ms: number }>();
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
      this.#add(task.id, task.name, performance.now() - start);
    },
  });

  /** Measures until the result is called. */
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
    this.#spent.clear();
  }

  /** What was measured since the last call; undefined if no client watches. */
  take(): Turns | undefined {
    if (this.#users === 0) return undefined;
    const cpu = Object.fromEntries([...this.#spent].map(([id, { ms }]) => [id, round(ms)]));
    const busiest = this.#byName();
    this.#spent.clear();
    return { cpu, busiest };
  }

  #add(id: number, name: string, ms: number): void {
    const spent = this.#spent.get(id);
    if (spent === undefined) this.#spent.set(id, { name, ms });
    else spent.ms += ms;
  }

  #byName(): Turns['busiest'] {
    const names = new Map<string, { name: string; tasks: number; ms: number }>();
    for (const { name, ms } of this.#spent.values()) {
      const sum = names.get(name) ?? { name, tasks: 0, ms: 0 };
      names.set(name, { name, tasks: sum.tasks + 1, ms: round(sum.ms + ms) });
    }
    return [...names.values()].sort((a, b) => b.ms - a.ms).slice(0, NAMES);
  }
}

function round(ms: number): number {
  return Math.round(ms * 100) / 100;
}
