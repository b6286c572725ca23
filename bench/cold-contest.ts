import { contenderFor, roundsWanted, say } from './messages.ts';
import type { Aim } from './messages.ts';

/** One way to do the job that a claim is about, in a process that has loaded nothing. */
export interface ColdContender {
  readonly name: string;
  /** Imports what it needs, and returns what does `count` jobs: both are measured. */
  readonly load: () => Promise<(count: number) => Promise<unknown>>;
}

export interface ColdClaim {
  readonly title: string;
  readonly count: number;
  /** Ours first; the others are compared with it. */
  readonly contenders: readonly ColdContender[];
  readonly aims?: readonly Aim[];
}

/**
 * Measures the first jobs of a process, which is what a serverless function sees: nothing is warmed up, compiled or collected
 * before. The time of the import is in a figure of its own.
 */
export async function coldContest({
  title,
  count,
  contenders,
  aims = [],
}: ColdClaim): Promise<void> {
  const claim = { title, unit: 'µs', count, aims, isCold: true };
  const contender = contenderFor(claim, contenders);
  if (contender === undefined) return;
  if (roundsWanted !== 1) throw new Error('bench: the second round of a process is not cold');
  const began = process.cpuUsage();
  const run = await contender.load();
  const loaded = process.cpuUsage();
  await run(count);
  const since = (before: NodeJS.CpuUsage): number => {
    const { user, system } = process.cpuUsage(before);
    return (user + system) / count;
  };
  say({ is: 'sample', sample: { value: since(loaded), imported: since(began) } });
}
