// npm run bench [-- …]: builds, then bench/report/main.ts.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { setUp, root } from './setup.mjs';

setUp();
const program = join(root, 'bench/dist/report/main.js');
const { status } = spawnSync(
  process.execPath,
  ['--enable-source-maps', program, ...process.argv.slice(2)],
  {
    stdio: 'inherit',
  },
);
process.exitCode = status ?? 1;
// The page may have new figures; the drawing of some of them follows it.
if (status === 0) await import('./figures.mjs');
