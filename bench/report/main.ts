// npm run bench [-- name…] [--node path]… [--passes n] [--rounds n] [--guard] [--keep]
// Measures the claims of bench/claims, or of those named, on this Node or on those named, and prints them. All of them: writes
// docs/benchmarks.md, its chart, and the baseline that `--guard` compares with. Of those named, `--keep` writes the baseline alone.
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

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    node: { type: 'string', multiple: true, default: [process.execPath] },
    passes: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '3' },
    guard: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
  },
});

const claims = fileURLToPath(new URL('../claims/', import.meta.url));
const docs = fileURLToPath(new URL('../../../docs/', import.meta.url));
// What the guard looks at: what a change of core or sync can make slower, with a recorder and without.
const GUARDED = ['core', 'sync', 'record'];

const all = readdirSync(claims)
  .filter((name) => name.endsWith('.js'))
  .map((name) => name.slice(0, -'.js'.length));
const chosen = positionals.length > 0 ? positionals : values.guard ? GUARDED : all;
const unknown = chosen.filter((name) => !all.includes(name));
if (unknown.length > 0) {
  console.error(`bench: there is no claim ${unknown.join(', ')}; there are ${all.join(', ')}`);
  process.exit(2);
}

const runs: Run[] = [];
for (const node of values.node) runs.push(await measureOn(node));

if (values.guard) reportGuard(runs.flatMap(compareWithBaseline));
else if (positionals.length === 0) await writePage();
else if (values.keep) for (const run of runs) keepInBaseline(run);

async function measureOn(path: string): Promise<Run> {
  const node = execFileSync(path, ['--version'], { encoding: 'utf8' }).trim();
  const outcomes: Outcome[] = [];
  for await (const measured of runPrograms({
    node: path,
    programs: chosen.map((name) => join(claims, `${name}.js`)),
    passes: Number(values.passes),
    rounds: Number(values.rounds),
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
