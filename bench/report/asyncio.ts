import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Outcome } from './table.ts';
import { numberOf } from './table.ts';

/** The same jobs in Python, beside ours. */
export interface Comparison {
  /** Of the columns: ours, then Python's. */
  readonly versions: readonly string[];
  readonly rows: readonly {
    readonly title: string;
    readonly values: readonly (number | undefined)[];
  }[];
  /** What could not be measured, and what to do about it. */
  readonly lacking: readonly string[];
}

interface Report {
  readonly version: string;
  readonly values: Readonly<Record<string, number>>;
}

const KINDS = ['asyncio', 'uvloop'];
const script = new URL('../../asyncio/measure.py', import.meta.url).pathname;

/** Runs the jobs that Python has a counterpart for. Debian's interpreter first: its packages carry uvloop. */
export async function compareWithPython(outcomes: readonly Outcome[]): Promise<Comparison> {
  const reports: Report[] = [];
  const lacking: string[] = [];
  for (const kind of KINDS) {
    const found = await measure(kind);
    if (found === undefined)
      lacking.push(`${kind} was not found: apt-get install python3 python3-uvloop`);
    else reports.push(found);
  }
  const rows = outcomes.flatMap(({ title, rows: [ours] }) => {
    const theirs = reports.map(({ values }) => values[title]);
    return theirs.some((value) => value !== undefined)
      ? [{ title, values: [ours?.median, ...theirs] }]
      : [];
  });
  return { versions: ['Ambit', ...reports.map(({ version }) => version)], rows, lacking };
}

async function measure(kind: string): Promise<Report | undefined> {
  for (const python of ['/usr/bin/python3', 'python3']) {
    try {
      const { stdout } = await promisify(execFile)(python, [script, kind]);
      return JSON.parse(stdout) as Report;
    } catch {
      // Not this one: no such interpreter, or it has no such package.
    }
  }
  return undefined;
}

/** A row for each job, the title first. */
export function cellsOf({ rows }: Comparison): string[][] {
  return rows.map(({ title, values: [ours = NaN, ...theirs] }) => [
    title,
    numberOf(ours),
    ...theirs.map((value) =>
      value === undefined ? '' : `${numberOf(value)} (${(value / ours).toFixed(1)} ×)`,
    ),
  ]);
}
