import CliTable from 'cli-table3';
import type { Aim, Growth } from '../messages.ts';
import type { Measured } from './run-programs.ts';

/** A claim as it is shown: what each contender takes, and by what factor that is more than ours. */
export interface Outcome {
  readonly title: string;
  readonly unit: string;
  readonly count: number;
  readonly rows: readonly Row[];
  readonly aims: readonly Verdict[];
  /** What to call the jobs where people count how many there are in a second. */
  readonly rate: string | undefined;
  /** By what factor its ratios may grow before the guard reports it. */
  readonly width: number | undefined;
}

/** An aim, and what came of it. */
export interface Verdict {
  readonly against: string | undefined;
  readonly atMost: number;
  readonly ratio: number;
  /** The ratio of a bare program that gives the same guarantee, if there is one. */
  readonly bare: number | undefined;
}

interface Row {
  readonly name: string;
  readonly median: number;
  readonly least: number;
  readonly passed: number | undefined;
  /** The median with the import, where the process was cold. */
  readonly imported: number | undefined;
  /** Its median, divided by the median of Ambit. */
  readonly times: number;
}

export function outcomeOf({
  title,
  unit,
  count,
  contenders,
  aims,
  rate,
  width,
  samples,
}: Measured): Outcome {
  const figures = contenders.map((name) => {
    const taken = samples.get(name) ?? [];
    const values = taken.map(({ value }) => value);
    return {
      name,
      median: medianOf(values),
      least: Math.min(...values),
      passed: medianIfAny(taken.flatMap((sample) => sample.passed ?? [])),
      imported: medianIfAny(taken.flatMap((sample) => sample.imported ?? [])),
    };
  });
  const ours = figures[0]?.median ?? NaN;
  const rows = figures.map((figure) => ({ ...figure, times: figure.median / ours }));
  return {
    title,
    unit,
    count,
    rate,
    width,
    rows,
    aims: aims.map((aim) => judged(rows, aim, ours)),
  };
}

function judged(rows: readonly Row[], { against, atMost, bare }: Aim, ours: number): Verdict {
  const takes = (contender: string): number => {
    const row = rows.find(({ name }) => name === contender);
    if (row === undefined) throw new Error(`an aim names ${contender}, which does not take part`);
    return row.median;
  };
  const growth = ({ of, from }: Growth): number => takes(of) / takes(from);
  const other = against === undefined ? 1 : takes(against);
  return {
    against,
    atMost: typeof atMost === 'number' ? atMost : growth(atMost),
    ratio: ours / other,
    bare: typeof bare === 'string' ? takes(bare) / other : bare && growth(bare),
  };
}

function medianIfAny(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : medianOf(values);
}

function medianOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;
}

/** For the terminal. */
export function textOf(outcome: Outcome): string {
  const table = new CliTable({ head: headOf(outcome), style: { head: [], border: [] } });
  for (const row of outcome.rows) table.push(cellsOf(outcome, row));
  return [titleOf(outcome), table.toString(), ...outcome.aims.map(verdictOn)].join('\n');
}

/** For the page: a claim as it was measured in each run. */
export function markdownOf(measured: readonly { line: string; outcome: Outcome }[]): string {
  const [first] = measured;
  if (first === undefined) throw new Error('there is a run at least');
  const { title, unit, rate, rows } = first.outcome;
  const more = [
    ...(rate === undefined ? [] : [`${rate}/s`]),
    ...(isCold(first.outcome) ? [WITH_IMPORT] : []),
  ];
  const head = ['', ...measured.flatMap(({ line }) => [`${line}: ${unit}`, '× Ambit', ...more])];
  const lines = rows.map(({ name }, at) => [
    name,
    ...measured.flatMap(({ outcome }) => briefly(outcome, at)),
  ]);
  return `### ${title}\n\n${tableOf(head, lines)}`;
}

const WITH_IMPORT = 'with the import';

function isCold({ rows }: Outcome): boolean {
  return rows.some(({ imported }) => imported !== undefined);
}

/** With the import: the figure, and its factor. */
function importedOf({ rows }: Outcome, { imported = NaN }: Row): string {
  return `${numberOf(imported)} (${(imported / (rows[0]?.imported ?? NaN)).toFixed(2)} ×)`;
}

/** Median and least, the factor, how many there are in a second, if that is asked for, and what it is with the import. */
function briefly(outcome: Outcome, at: number): string[] {
  const { rows, rate } = outcome;
  const row = rows[at];
  if (row === undefined) throw new Error('all runs have the same contenders');
  return [
    `${numberOf(row.median)} (${numberOf(row.least)})`,
    `${row.times.toFixed(2)} ×`,
    ...(rate === undefined ? [] : [numberOf(perSecond(row))]),
    ...(isCold(outcome) ? [importedOf(outcome, row)] : []),
  ];
}

/** In Markdown: the first column is text, the others are figures. */
export function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const rule = head.map((_, at) => (at === 0 ? ':--' : '--:'));
  return [head, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function titleOf({ title, count }: Outcome): string {
  return count > 1 ? `${title}, ${count.toLocaleString('en')} times` : title;
}

function headOf(outcome: Outcome): string[] {
  const { unit, rate, rows } = outcome;
  const passed = rows.some((row) => row.passed !== undefined) ? ['passed'] : [];
  const rates = rate === undefined ? [] : [`${rate}/s`];
  const imported = isCold(outcome) ? [WITH_IMPORT] : [];
  return ['', unit, 'least', ...passed, '× Ambit', ...rates, ...imported];
}

function cellsOf(outcome: Outcome, row: Row): string[] {
  const passed = headOf(outcome).includes('passed') ? [numberOf(row.passed ?? NaN)] : [];
  return [
    row.name,
    numberOf(row.median),
    numberOf(row.least),
    ...passed,
    `${row.times.toFixed(2)} ×`,
    ...(outcome.rate === undefined ? [] : [numberOf(perSecond(row))]),
    ...(isCold(outcome) ? [importedOf(outcome, row)] : []),
  ];
}

function perSecond({ passed = NaN }: Row): number {
  return 1_000_000 / passed;
}

export function numberOf(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString('en', { maximumSignificantDigits: 3 });
}

/** Met; not met; not met, and not by a bare program either. */
function signOf({ atMost, ratio, bare = 0 }: Verdict): string {
  if (ratio <= atMost) return '✓';
  return bare > atMost ? '○' : '✗';
}

function verdictOn(verdict: Verdict): string {
  const { against, atMost, ratio, bare } = verdict;
  const figure = against === undefined ? numberOf : factorOf;
  const ours = `${figure(ratio)}${against === undefined ? '' : ` ${against}`}`;
  const limit = bare === undefined ? '' : `; a bare program takes ${figure(bare)}`;
  return `${signOf(verdict)} ${ours}; the aim is ${figure(atMost)} or less${limit}`;
}

/** The same in a cell of a table. */
export function briefVerdictOn(verdict: Verdict): string {
  const { against, atMost, ratio, bare } = verdict;
  const figure = against === undefined ? numberOf : factorOf;
  const limit = bare === undefined || ratio <= atMost ? '' : `; bare ${figure(bare)}`;
  return `${signOf(verdict)} ${figure(ratio)} (${figure(atMost)}${limit})`;
}

function factorOf(ratio: number): string {
  return `${Number(ratio.toPrecision(3))} ×`;
}
