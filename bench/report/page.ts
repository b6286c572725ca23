import { cpus, totalmem } from 'node:os';
import { cellsOf } from './asyncio.ts';
import type { Comparison } from './asyncio.ts';
import { lineOf } from './run.ts';
import type { Run } from './run.ts';
import { briefVerdictOn, markdownOf, tableOf } from './table.ts';
import type { Outcome } from './table.ts';

export interface Page {
  /** One for each Node, of the same claims. */
  readonly runs: readonly Run[];
  readonly python: Comparison;
  /** Of the contenders, by name. */
  readonly versions: Readonly<Record<string, string>>;
  readonly date: Date;
}

/** docs/benchmarks.md */
export function pageOf({ runs, python, versions, date }: Page): string {
  const [cpu] = cpus();
  const claims = claimsOf(runs);
  const [first] = runs;
  return [
    '# Benchmarks',
    '<!-- Made by `npm run bench`; do not edit. docs/decisions explains the figures. -->',
    `Measured on ${date.toISOString().slice(0, 10)} with Node ${runs.map(({ node }) => node).join(' and ')} on ` +
      `${cpus().length} × ${cpu?.model ?? 'an unknown processor'}, ${Math.round(totalmem() / 2 ** 30)} GiB. ` +
      `Peers: ${listOf(versions)}.`,
    'Each contender runs in processes of its own, in turn with the others. It does the same job in each round, after a second of ' +
      'warm-up and a garbage collection. The tables compare processor time (microseconds for each job, including the garbage ' +
      'collector), because the machine is shared. They show the median of the rounds and, in parentheses, the least. Machines ' +
      'differ, so look at the factors. Tables that say "just started" measure the first 1,000 jobs of a process without a warm-up, each ' +
      'round in a process of its own, alone and with the import. Rates per second use the time that passed, with the client on the same machine.',
    `The time of each contender, divided by the time of Ambit, on Node ${first?.node ?? ''}:`,
    '![The time of each contender, divided by the time of Ambit](./benchmarks.svg)',
    '## Aims',
    'The time of Ambit, divided by the time of the other library; the aim is in parentheses. ✓: it is met. ✗: it is not met. ○: it is not ' +
      'met, and neither by a bare program that gives the same guarantee, which stands beside the aim: tasks by hand, for example, ' +
      'which code can find and cancel, and a group waits for (bench/load). [Decision 9](./decisions/0009-what-a-task-costs.md) says more.',
    tableOf(
      ['', 'against', ...runs.map(({ node }) => lineOf(node))],
      claims.flatMap((measured) => aimsOf(measured.map(({ outcome }) => outcome))),
    ),
    '## Figures',
    ...claims.map(markdownOf),
    '## Beside Python',
    `Microseconds of processor time for each job, Ambit's on Node ${first?.node ?? ''}. A free lock of Python has no checkpoint, ` +
      'and its tasks have no scope.',
    tableOf(['', ...python.versions], cellsOf(python)),
    ...python.lacking.map((line) => `- ${line}`),
    '',
  ].join('\n\n');
}

/** Each claim, as each run has measured it. */
function claimsOf(runs: readonly Run[]): { line: string; outcome: Outcome }[][] {
  const [first] = runs;
  return (first?.outcomes ?? []).map((outcome) =>
    runs.map(({ node, outcomes }) => ({ line: lineOf(node), outcome: sameOf(outcomes, outcome) })),
  );
}

function sameOf(outcomes: readonly Outcome[], { title }: Outcome): Outcome {
  const same = outcomes.find((outcome) => outcome.title === title);
  if (same === undefined) throw new Error(`not all runs have measured: ${title}`);
  return same;
}

function aimsOf(measured: readonly Outcome[]): string[][] {
  return (measured[0]?.aims ?? []).map(({ against = '' }, at) => [
    measured[0]?.title ?? '',
    against,
    ...measured.map(({ aims }) => (aims[at] === undefined ? '' : briefVerdictOn(aims[at]))),
  ]);
}

function listOf(versions: Page['versions']): string {
  return Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ');
}
