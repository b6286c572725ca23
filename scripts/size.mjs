// npm run size: what each door costs in a bundle, next to its limit in .size-limit.mjs; fails on what is over it.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { root, setUp } from './setup.mjs';

setUp();
const checks = measure();
const rows = [...new Set(checks.map(({ what }) => what))].map((what) => [
  what,
  ...['browser', 'node'].map((target) =>
    cell(checks.find((c) => c.what === what && c.target === target)),
  ),
]);
print([['kB, minified and gzipped (limit)', 'browser', 'node'], ...rows]);
const over = checks.filter(({ passed }) => !passed);
if (over.length > 0) {
  const names = over.map(({ what, target }) => `${what} (${target})`).join('; ');
  console.error(
    `\nOver the limit: ${names}. Make it smaller, or raise the limit in .size-limit.mjs and say why.`,
  );
  process.exitCode = 1;
}

function measure() {
  const bin = join(root, 'node_modules/size-limit/bin.js');
  const options = { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] };
  const { stdout, stderr } = spawnSync(process.execPath, [bin, '--json'], options);
  try {
    return JSON.parse(stdout).map(({ name, size, sizeLimit, passed }) => {
      const [what, target] = name.split(/, (?=browser$|node$)/);
      return { what, target, size, sizeLimit, passed };
    });
  } catch {
    console.error(`${stdout}${stderr}`);
    throw new Error('size-limit could not measure; its output is above');
  }
}

function cell(check) {
  if (!check) return '';
  const [size, limit] = [check.size, check.sizeLimit].map((bytes) => (bytes / 1000).toFixed(1));
  return `${size} (${limit})${check.passed ? '' : ' !'}`;
}

function print(table) {
  const widths = table[0].map((_, column) => Math.max(...table.map((row) => row[column].length)));
  for (const row of table)
    console.log(
      row
        .map((text, column) => text.padEnd(widths[column]))
        .join('  ')
        .trimEnd(),
    );
}
