import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { lineOf } from './run.ts';
import type { Run } from './run.ts';
import type { Outcome } from './table.ts';

/** By what a claim of ours may be slower than the committed figure, if it has no width of its own: machines differ, and are noisy. */
const MARGIN = 1.75;

/** Ours by another's, for each claim, for each line of Node. */
type Baseline = Record<string, Record<string, Record<string, number>>>;

const file = new URL('../../baseline.json', import.meta.url);

/** Answers a line for each figure that has grown beyond the margin. */
export function compareWithBaseline({ outcomes, node }: Run): string[] {
  const known = read()[lineOf(node)];
  if (known === undefined) {
    return [`there is no baseline for ${node}: npm run bench makes one`];
  }
  return outcomes.flatMap((outcome) =>
    ratiosOf(outcome).flatMap(([name, now]) => {
      const { title, width = MARGIN } = outcome;
      const before = known[title]?.[name];
      if (before === undefined || now <= before * width) return [];
      return [`${title}: ${now.toFixed(2)} × ${name}; it was ${before.toFixed(2)} ×`];
    }),
  );
}

/** Ours by each other contender's. */
function ratiosOf({ rows, width }: Outcome): (readonly [name: string, ratio: number])[] {
  const ours = rows[0]?.least ?? NaN;
  return rows
    .slice(1)
    .map(({ name, least, times }) => [name, width === undefined ? 1 / times : ours / least]);
}

/** Keeps the figures of this run as those to compare with. */
export function writeBaseline(run: Run): void {
  write(run, {});
}

/** Keeps the figures of a few claims, beside those of all others. */
export function keepInBaseline(run: Run): void {
  write(run, read()[lineOf(run.node)] ?? {});
}

function write({ outcomes, node }: Run, others: Record<string, Record<string, number>>): void {
  const claims = { ...others };
  for (const outcome of outcomes) {
    claims[outcome.title] = Object.fromEntries(
      ratiosOf(outcome).map(([name, ratio]) => [name, Number(ratio.toFixed(3))]),
    );
  }
  const known = { ...read(), [lineOf(node)]: claims };
  writeFileSync(file, `${JSON.stringify(known, null, 2)}\n`);
}

function read(): Baseline {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Baseline) : {};
}
