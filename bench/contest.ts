/** One way to do the job that a claim is about. */
export interface Contender {
  readonly name: string;
  /** Does the job `count` times. */
  readonly run: (count: number) => Promise<unknown>;
}

export interface Claim {
  readonly title: string;
  readonly count: number;
  /** Ours first; the others are compared with it. */
  readonly contenders: readonly Contender[];
}

const ROUNDS = 9;

/**
 * Runs the contenders of a claim in turn, round by round after a garbage collection, so that a machine
 * that grows slow is slow for all of them, and prints the medians of the rounds and their ratios.
 */
export async function contest({ title, count, contenders }: Claim): Promise<void> {
  const times = new Map<string, number[]>(contenders.map(({ name }) => [name, []]));
  for (let round = -1; round < ROUNDS; round += 1) {
    for (const { name, run } of contenders) {
      const microseconds = (await timed(() => run(count))) / count;
      // The first round warms up.
      if (round >= 0) times.get(name)?.push(microseconds);
    }
  }
  const rows = [...times].map(([name, samples]) => ({ name, ...summary(samples) }));
  const ours = rows[0]?.median ?? NaN;
  console.log(`\n${title}, ${count.toLocaleString('en')} times`);
  console.table(
    Object.fromEntries(
      rows.map(({ name, median, least }) => [
        name,
        {
          'median µs': Number(median.toFixed(3)),
          'least µs': Number(least.toFixed(3)),
          'against ours': `${(median / ours).toFixed(2)} ×`,
        },
      ]),
    ),
  );
}

async function timed(run: () => Promise<unknown>): Promise<number> {
  globalThis.gc?.();
  const start = performance.now();
  await run();
  return (performance.now() - start) * 1000;
}

function summary(samples: readonly number[]): { readonly median: number; readonly least: number } {
  const sorted = [...samples].sort((a, b) => a - b);
  return { median: sorted[sorted.length >> 1] ?? NaN, least: sorted[0] ?? NaN };
}
