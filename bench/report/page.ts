import { cpus, totalmem } from 'node:os';
import { cellsOf } from './asyncio.ts';
import type { Comparison } from './asyncio.ts';
import { markdownOf, verdictOn } from './table.ts';
import type { Outcome } from './table.ts';

export interface Page {
  readonly outcomes: readonly Outcome[];
  readonly python: Comparison;
  readonly node: string;
  /** Of the contenders, by name. */
  readonly versions: Readonly<Record<string, string>>;
  readonly date: Date;
}

/** docs/benchmarks.md */
export function pageOf({ outcomes, python, node, versions, date }: Page): string {
  const [cpu] = cpus();
  return [
    '# Benchmarks',
    '<!-- Made by `npm run bench`; do not edit. What the figures mean is in docs/decisions. -->',
    `Measured on ${date.toISOString().slice(0, 10)} with Node ${node} on ${cpus().length} × ${cpu?.model ?? 'an unknown processor'}, ` +
      `${Math.round(totalmem() / 2 ** 30)} GiB. Peers: ${listOf(versions)}.`,
    'Each contender has processes of its own, in turn with the others, and does the same job in each round after a warm-up and ' +
      'a garbage collection. Compared is processor time (microseconds for each job, the garbage collector’s included), since ' +
      'machines are shared; shown are the median and the least of the rounds. Machines differ: look at the factors.',
    '![What each takes, by what Ambit takes](./benchmarks.svg)',
    '## Aims',
    outcomes
      .flatMap(({ title, aims }) => aims.map((aim) => `- ${verdictOn(aim)}: ${lower(title)}`))
      .join('\n'),
    '## Figures',
    ...outcomes.map(markdownOf),
    '## Beside Python',
    'Microseconds of processor time for each job. Python has no checkpoint in a lock that is free, and no scope in a task.',
    tableOf(['', ...python.versions], cellsOf(python)),
    ...python.lacking.map((line) => `- ${line}`),
    '',
  ].join('\n\n');
}

function lower(title: string): string {
  return title.charAt(0).toLowerCase() + title.slice(1);
}

function listOf(versions: Page['versions']): string {
  return Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ');
}

function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const rule = head.map((_, at) => (at === 0 ? ':--' : '--:'));
  return [head, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
