import { CancelScope } from '@ambit/core';
import { contenderFor, roundsWanted, say } from './messages.ts';
import type { Aim, Sample } from './messages.ts';

/** One way to do the job that a claim is about. */
export interface Contender {
  readonly name: string;
  /** Makes ready for `count` jobs, and returns what does them: only that is measured. */
  readonly prepare: (count: number) => () => Promise<unknown>;
  /** Does only so small a part of the jobs: it would take too long otherwise. Default 1. */
  readonly part?: number;
  /** Does them outside of any scope: no AsyncLocalStorage is active. Default false. */
  readonly outside?: boolean;
}

export interface Claim {
  readonly title: string;
  readonly count: number;
  /** Ours first; the others are compared with it. */
  readonly contenders: readonly Contender[];
  readonly aims?: readonly Aim[];
  /** What to call the jobs where people count how many there are in a second. */
  readonly rate?: string;
  /** Of Node, for the processes of all contenders. */
  readonly flags?: readonly string[];
  /** The least number of processes for each contender: its aim is finer than the noise of a few. */
  readonly passes?: number;
  /** As in a claim that is announced. */
  readonly width?: number;
}

/** Milliseconds. */
const WARM_UP = 1000;

/**
 * Measures the contender that this process is for: a warm-up of a second, in which its code is compiled, then a number of rounds,
 * each after a garbage collection. One contender in a process, since what one leaves behind (timers, finalizers, compiled
 * code) would slow the next one. Compared is processor time: on a machine that others use too, the time that passes says little.
 */
export async function contest({ contenders, ...claim }: Claim): Promise<void> {
  const { count, aims = [] } = claim;
  const contender = contenderFor({ ...claim, unit: 'µs', aims }, contenders);
  if (contender === undefined) return;
  const { prepare, part = 1, outside = false } = contender;
  const jobs = Math.max(Math.round(count * part), 1);
  const rounds = async (): Promise<void> => {
    const start = performance.now();
    do await measure(prepare(jobs), jobs);
    while (performance.now() - start < WARM_UP);
    for (let round = 0; round < roundsWanted; round += 1) {
      say({ is: 'sample', sample: await measure(prepare(jobs), jobs) });
    }
  };
  // In a scope, so that an AsyncLocalStorage is active for all of them, as it is in a program that uses Ambit.
  await (outside ? rounds() : new CancelScope().run(rounds));
}

/** For what is not counted in time: the contender that this process is for is measured a number of times. */
export async function weigh({ contenders, aims = [], ...claim }: Weighing): Promise<void> {
  const contender = contenderFor({ ...claim, count: 1, aims }, contenders);
  if (contender === undefined) return;
  for (let round = 0; round < roundsWanted; round += 1) {
    say({ is: 'sample', sample: { value: await contender.weigh() } });
  }
}

/** A claim about bytes, sizes, times of whole processes. */
export interface Weighing {
  readonly title: string;
  readonly unit: string;
  readonly contenders: readonly {
    readonly name: string;
    readonly weigh: () => number | Promise<number>;
  }[];
  readonly aims?: readonly Aim[];
  /** As in a claim that is announced. */
  readonly width?: number;
}

async function measure(run: () => Promise<unknown>, jobs: number): Promise<Sample> {
  globalThis.gc?.();
  const before = process.cpuUsage();
  const start = performance.now();
  await run();
  const passed = ((performance.now() - start) * 1000) / jobs;
  // That of the garbage collector's threads is included.
  const { user, system } = process.cpuUsage(before);
  return { value: (user + system) / jobs, passed };
}

/** Does a job a number of times, one after the other. */
export function inTurn(job: () => Promise<unknown>): (count: number) => () => Promise<void> {
  return (count) => async () => {
    for (let at = 0; at < count; at += 1) await job();
  };
}
