// node scripts/chaos.mjs [runs]: lets nodes that share a lock fail against real servers, a number of times for each fault, and
// writes what was counted into the page on leases.
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureServers } from './debian.mjs';
import { root, setUp } from './setup.mjs';

const PAGE = join(root, 'docs/guides/several-machines.md');
const BEGIN = '<!-- chaos: written by `node scripts/chaos.mjs` -->';
const END = '<!-- end of chaos -->';
const NAMES = { redis: 'Redis', postgres: 'PostgreSQL' };

const rowsFile = join(root, 'node_modules/.cache/chaos.json');

/** @returns the rows, as the test of one run counts them */
function measure(runs) {
  const jest = join(root, 'node_modules/jest/bin/jest.js');
  const env = { ...process.env, AMBIT_CHAOS_RUNS: String(runs), AMBIT_CHAOS_ROWS: rowsFile };
  rmSync(rowsFile, { force: true });
  const { status } = spawnSync(process.execPath, [jest, 'packages/sync/test/lease/chaos.test.ts'], {
    cwd: root,
    stdio: 'inherit',
    env,
  });
  if (status !== 0) process.exit(1);
  return JSON.parse(readFileSync(rowsFile, 'utf8'));
}

function lineOf({ fault, store, runs, grants, lost, overlap, writes, refused, admittedStale }) {
  const reasons = Object.entries(lost).map(([why, count]) => `${count} ${why}`);
  const cells = [
    ...[fault, NAMES[store], runs, grants, reasons.join(', ') || 'none', `${overlap} ms`],
    ...[writes, refused, admittedStale],
  ];
  return `| ${cells.join(' | ')} |`;
}

function tableOf(rows) {
  const heads = [
    ...['Fault', 'Store', 'Runs', 'Terms', 'Leases lost', 'Overlap of running nodes'],
    ...['Writes admitted', 'Stale writes refused', 'Stale writes admitted'],
  ];
  const rule = heads.map((_, index) => (index < 2 ? '---' : '--:'));
  return [heads, rule].map((cells) => `| ${cells.join(' | ')} |`).concat(rows.map(lineOf));
}

setUp();
ensureServers();
const table = tableOf(measure(Number(process.argv[2] ?? 20))).join('\n');
const page = readFileSync(PAGE, 'utf8');
const [from, to] = [page.indexOf(BEGIN), page.indexOf(END)];
if (from < 0 || to < 0) throw new Error(`${PAGE} has no place for the table`);
writeFileSync(PAGE, `${page.slice(0, from)}${BEGIN}\n\n${table}\n\n${page.slice(to)}`);
spawnSync(process.execPath, [
  join(root, 'node_modules/prettier/bin/prettier.cjs'),
  '--write',
  PAGE,
]);
