import CliTable from 'cli-table3';
import type { Aim } from '../contest.ts';
import type { Measured } from './run-programs.ts';

/** A claim as it is shown: what each contender takes, and by what factor that is more than ours. */
export interface Outcome {
  readonly title: string;
  readonly unit: string;
  readonly count: number;
  readonly rows: readonly Row[];
  readonly aims: readonly (Aim & { readonly ratio: number })[];
}

interface Row {
  readonly name: string;
  readonly median: number;
  readonly least: number;
  readonly passed: number | undefined;
  /** Its median by ours. */
  readonly times: number;
}

export function outcomeOf({ title, unit, count, contenders, aims, samples }: Measured): Outcome {
  const figures = contenders.map((name) => {
    const taken = samples.get(name) ?? [];
    const values = taken.map(({ value }) => value);
    const passed = taken.flatMap((sample) => sample.passed ?? []);
    return {
      name,
      median: medianOf(values),
      least: Math.min(...values),
      passed: passed.length === 0 ? undefined : medianOf(passed),
    };
  });
  const ours = figures[0]?.median ?? NaN;
  const rows = figures.map((figure) => ({ ...figure, times: figure.median / ours }));
  return {
    title,
    unit,
    count,
    rows,
    aims: aims.map((aim) => ({ ...aim, ratio: ratioTo(rows, aim, ours) })),
  };
}

function ratioTo(rows: readonly Row[], { against }: Aim, ours: number): number {
  if (against === undefined) return ours;
  const row = rows.find(({ name }) => name === against);
  if (row === undefined) throw new Error(`an aim names ${against}, which does not take part`);
  return 1 / row.times;
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

/** For the page. */
export function markdownOf(outcome: Outcome): string {
  const head = headOf(outcome);
  const lines = [
    head,
    head.map((_, at) => (at === 0 ? ':--' : '--:')),
    ...outcome.rows.map((row) => cellsOf(outcome, row)),
  ];
  const table = lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
  const aims = outcome.aims.map((aim) => `- ${verdictOn(aim)}`).join('\n');
  return [`### ${outcome.title}`, table, aims].filter((part) => part !== '').join('\n\n');
}

function titleOf({ title, count }: Outcome): string {
  return count > 1 ? `${title}, ${count.toLocaleString('en')} times` : title;
}

function headOf({ unit, rows }: Outcome): string[] {
  const passed = rows.some((row) => row.passed !== undefined) ? ['passed'] : [];
  return ['', unit, 'least', ...passed, 'against ours'];
}

function cellsOf(outcome: Outcome, row: Row): string[] {
  const passed = headOf(outcome).includes('passed') ? [numberOf(row.passed ?? NaN)] : [];
  return [
    row.name,
    numberOf(row.median),
    numberOf(row.least),
    ...passed,
    `${row.times.toFixed(2)} ×`,
  ];
}

export function numberOf(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString('en', { maximumSignificantDigits: 3 });
}

export function verdictOn({ against, atMost, ratio }: Outcome['aims'][number]): string {
  const verdict = ratio <= atMost ? '✓' : '✗';
  if (against === undefined)
    return `${verdict} ${numberOf(ratio)}; the aim is ${numberOf(atMost)} or less`;
  return `${verdict} ${factorOf(ratio)} ${against}; the aim is ${factorOf(atMost)} or less`;
}

function factorOf(ratio: number): string {
  return `${Number(ratio.toPrecision(3))} ×`;
}
