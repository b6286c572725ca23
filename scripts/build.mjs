// Builds everything: tsc checks and compiles it, and each package is bundled for its users. Exits with its code.
// `--clean` starts from nothing, as a package that will be published must.
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { bundle } from './bundle.mjs';
import { packages, projects, root } from './setup.mjs';

const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');

if (process.argv.includes('--clean')) {
  for (const project of projects())
    for (const folder of ['build', 'dist'])
      rmSync(join(root, project, folder), { recursive: true, force: true });
}
const { status } = spawnSync(process.execPath, [tsc, '-b', ...projects()], {
  cwd: root,
  stdio: 'inherit',
});
// With type errors tsc still emits; go on, so that all of it is there, and say so at the end.
if (status !== 0) process.exitCode = 1;
await Promise.all(packages().map((project) => bundle(join(root, project))));
