// Builds every package twice, with tsc alone: ES modules into dist, CommonJS into dist/cjs. Then examples and bench.
// `--clean` starts from nothing, as a package that will be published must.
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { packages, projects, readJson, root } from './setup.mjs';

const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');

if (process.argv.includes('--clean')) {
  for (const project of projects())
    rmSync(join(root, project, 'dist'), { recursive: true, force: true });
}
compile('-b', ...projects());
for (const project of packages()) emitCommonJs(project);

function emitCommonJs(project) {
  compile('-p', join(project, 'tsconfig.cjs.json'));
  const out = join(root, project, 'dist/cjs');
  if (!existsSync(out)) return;
  const { imports } = readJson(join(root, project, 'package.json'));
  const manifest = { type: 'commonjs', ...(imports && { imports: builtImports(imports) }) };
  writeFileSync(join(out, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}

/**
 * A package.json is a border for `#imports`: what dist/cjs imports by such a name is looked up in dist/cjs/package.json.
 * It gets the package's own map, less the sources, which nobody reaches from there.
 */
function builtImports(imports) {
  const text = JSON.stringify(imports, (key, value) =>
    key === '@ambit/source' ? undefined : value,
  );
  return JSON.parse(text.replaceAll('"./dist/', '"./'));
}

function compile(...args) {
  const { status } = spawnSync(process.execPath, [tsc, ...args], { cwd: root, stdio: 'inherit' });
  // With type errors tsc still emits; go on, so that all of it is there, and say so at the end.
  if (status !== 0) process.exitCode = 1;
}
