// Measures the claims of bench/claims on one Node or several, and prints them: see USAGE.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { compareWithPython } from './asyncio.ts';
import { chartOf } from './chart.ts';
import { compareWithBaseline, keepInBaseline, writeBaseline } from './guard.ts';
import { pageOf } from './page.ts';
import { runPrograms } from './run-programs.ts';
import type { Run } from './run.ts';
import { outcomeOf, textOf } from './table.ts';
import type { Outcome } from './table.ts';

const claims = fileURLToPath(new URL('../claims/', import.meta.url));
const docs = fileURLToPath(new URL('../../../docs/', import.meta.url));
// What the guard looks at: what a change can make slower, with a recorder and without, and what a connection or a thread costs.
const GUARDED = ['core', 'sync', 'record', 'growth', 'fairness', 'memory', 'io', 'threads'];

const all = readdirSync(claims)
  .filter((name) => name.endsWith('.js'))
  .map((name) => name.slice(0, -'.js'.length));
const USAGE = `npm run bench [-- claim…] [--node path]… [--passes n] [--rounds n] [--guard] [--keep]

Measures the claims named, or all: ${all.join(', ')}.
Without a name it writes docs/benchmarks.md, its chart, and the baseline that --guard compares with.

  --node path    a Node to measure on, instead of this one; may be given again
  --passes n     processes for each contender, in turn with the others (3)
  --rounds n     rounds in each of them (3)
  --guard        compares ${GUARDED.join(', ')} with the baseline; fails if one is much slower
  --keep         with names: writes their figures into the baseline`;

const { values, positionals } = parsed();
const [passes, rounds] = [countOf('passes'), countOf('rounds')];
const chosen = positionals.length > 0 ? positionals : values.guard ? GUARDED : all;
const unknown = chosen.filter((name) => !all.includes(name));
if (unknown.length > 0) refuse(`there is no claim ${unknown.join(', ')}`);

if (values.help) {
  console.log(USAGE);
  process.exit();
}

const runs: Run[] = [];
for (const node of values.node) runs.push(await measureOn(node));

if (values.guard) reportGuard(runs.flatMap(compareWithBaseline));
else if (positionals.length === 0) await writePage();
else if (values.keep) for (const run of runs) keepInBaseline(run);

function parsed() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        node: { type: 'string', multiple: true, default: [process.execPath] },
        passes: { type: 'string', default: '3' },
        rounds: { type: 'string', default: '3' },
        guard: { type: 'boolean', default: false },
        keep: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    return refuse((error as Error).message);
  }
}

function countOf(name: 'passes' | 'rounds'): number {
  const count = Number(values[name]);
  if (!Number.isInteger(count) || count < 1) {
    refuse(`--${name} is ${values[name]}; give a whole number from 1`);
  }
  return count;
}

function refuse(why: string): never {
  console.error(`bench: ${why}\n\n${USAGE}`);
  process.exit(2);
}

async function measureOn(path: string): Promise<Run> {
  const node = execFileSync(path, ['--version'], { encoding: 'utf8' }).trim();
  const outcomes: Outcome[] = [];
  for await (const measured of runPrograms({
    node: path,
    programs: chosen.map((name) => join(claims, `${name}.js`)),
    passes,
    rounds,
    onClaim: (title, at, of) => console.error(`\n${node}, ${at} of ${of}: ${title}`),
  })) {
    const outcome = outcomeOf(measured);
    outcomes.push(outcome);
    console.log(textOf(outcome));
  }
  return { node, outcomes };
}

function reportGuard(slower: readonly string[]): void {
  for (const line of slower) console.error(`slower: ${line}`);
  if (slower.length > 0) process.exitCode = 1;
  else console.log('\nNothing is slower than the baseline allows.');
}

async function writePage(): Promise<void> {
  const outcomes = runs[0]?.outcomes ?? [];
  const python = await compareWithPython(outcomes);
  const page = pageOf({ runs, python, versions: versionsOfPeers(), date: new Date() });
  writeFileSync(join(docs, 'benchmarks.md'), page);
  writeFileSync(
    join(docs, 'benchmarks.svg'),
    chartOf(outcomes.filter(({ unit }) => unit === 'µs')),
  );
  for (const run of runs) writeBaseline(run);
  console.log('\nWritten: docs/benchmarks.md, docs/benchmarks.svg, bench/baseline.json');
}

function versionsOfPeers(): Record<string, string> {
  const manifest = fileURLToPath(new URL('../../package.json', import.meta.url));
  const { dependencies } = JSON.parse(readFileSync(manifest, 'utf8')) as {
    dependencies: Record<string, string>;
  };
  const names = Object.keys(dependencies).filter(
    (name) => !name.startsWith('@ambit/') && name !== 'cli-table3',
  );
  return Object.fromEntries(names.map((name) => [name, versionOf(name, manifest)]));
}

// Not by `require(name/package.json)`, which not every package exports.
function versionOf(name: string, from: string): string {
  for (const folder of createRequire(from).resolve.paths(name) ?? []) {
    try {
      return (
        JSON.parse(readFileSync(join(folder, name, 'package.json'), 'utf8')) as { version: string }
      ).version;
    } catch {
      // Not in this node_modules.
    }
  }
  return 'of unknown version';
}
