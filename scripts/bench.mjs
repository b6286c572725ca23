// npm run bench [-- name…]: each program of bench/, or those named, one after the other in a process of its own.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setUp, root } from './setup.mjs';

setUp();
const wanted = process.argv.slice(2).map((name) => name.replace(/\.ts$/, ''));
const all = readdirSync(join(root, 'bench'))
  .filter((name) => name.endsWith('.ts'))
  .map((name) => name.slice(0, -'.ts'.length));

for (const name of wanted.length > 0 ? wanted : all) {
  const program = join(root, 'bench', 'dist', `${name}.js`);
  if (!existsSync(program)) {
    process.stderr.write(`ambit: there is no bench/${name}.ts; there are ${all.join(', ')}\n`);
    process.exit(1);
  }
  const { status } = spawnSync(process.execPath, ['--expose-gc', '--enable-source-maps', program], {
    stdio: 'inherit',
  });
  if (status !== 0) process.exitCode = 1;
}
