/** One way to do the job that a claim is about. */
export interface Contender {
  readonly name: string;
  /** Makes ready for `count` jobs, and returns what does them: only that is measured. */
  readonly prepare: (count: number) => () => Promise<unknown>;
}

export interface Claim {
  readonly title: string;
  readonly count: number;
  /** Ours first; the others are compared with it. */
  readonly contenders: readonly Contender[];
}

interface Sample {
  /** Microseconds of processor time for each job, those of the garbage collector's threads included. */
  readonly busy: number;
  /** Microseconds that passed. */
  readonly passed: number;
}

const ROUNDS = 9;

/**
 * Runs the contenders of a claim in turn, round by round after a garbage collection, so that a machine
 * that grows slow is slow for all of them, and prints the medians of the rounds. Compared is processor
 * time: on a machine that others use too, the time that passes says little.
 */
export async function contest({ title, count, contenders }: Claim): Promise<void> {
  const samples = new Map<string, Sample[]>(contenders.map(({ name }) => [name, []]));
  for (let round = -1; round < ROUNDS; round += 1) {
    for (const { name, prepare } of contenders) {
      const sample = await measure(prepare(count), count);
      // The first round warms up.
      if (round >= 0) samples.get(name)?.push(sample);
    }
  }
  const rows = [...samples].map(([name, list]) => ({ name, ...summary(list) }));
  const ours = rows[0]?.busy ?? NaN;
  console.log(`\n${title}, ${count.toLocaleString('en')} times`);
  console.table(
    Object.fromEntries(
      rows.map(({ name, busy, least, passed }) => [
        name,
        {
          'busy µs': Number(busy.toFixed(2)),
          'least µs': Number(least.toFixed(2)),
          'passed µs': Number(passed.toFixed(2)),
          'against ours': `${(busy / ours).toFixed(2)} ×`,
        },
      ]),
    ),
  );
}

async function measure(run: () => Promise<unknown>, count: number): Promise<Sample> {
  globalThis.gc?.();
  const before = process.cpuUsage();
  const start = performance.now();
  await run();
  const passed = ((performance.now() - start) * 1000) / count;
  const { user, system } = process.cpuUsage(before);
  return { busy: (user + system) / count, passed };
}

function summary(samples: readonly Sample[]): Sample & { readonly least: number } {
  const busy = samples.map((sample) => sample.busy).sort((a, b) => a - b);
  const passed = samples.map((sample) => sample.passed).sort((a, b) => a - b);
  const middle = samples.length >> 1;
  return { busy: busy[middle] ?? NaN, least: busy[0] ?? NaN, passed: passed[middle] ?? NaN };
}
