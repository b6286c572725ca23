import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { lineOf } from './run.ts';
import type { Run } from './run.ts';

/** By what each claim of ours may be slower than the committed figure: machines differ, and are noisy. */
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
  return outcomes.flatMap(({ title, rows }) =>
    rows.slice(1).flatMap(({ name, times }) => {
      const before = known[title]?.[name];
      const now = 1 / times;
      if (before === undefined || now <= before * MARGIN) return [];
      return [`${title}: ${now.toFixed(2)} × ${name}; it was ${before.toFixed(2)} ×`];
    }),
  );
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
  for (const { title, rows } of outcomes) {
    claims[title] = Object.fromEntries(
      rows.slice(1).map(({ name, times }) => [name, Number((1 / times).toFixed(3))]),
    );
  }
  const known = { ...read(), [lineOf(node)]: claims };
  writeFileSync(file, `${JSON.stringify(known, null, 2)}\n`);
}

function read(): Baseline {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Baseline) : {};
}
