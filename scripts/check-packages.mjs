// Looks at the packages as a user gets them: packs each one, has the tarball checked by publint and attw, installs it with
// npm in an empty folder and uses it there through `import`, `require`, TypeScript and a CommonJS Jest.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { packages, readJson, root } from './setup.mjs';

const { resolve } = createRequire(import.meta.url);
const { packageManager } = readJson(join(root, 'package.json'));
const folder = mkdtempSync(join(tmpdir(), 'ambit-packages-'));
const failed = [];

try {
  await checkAll();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
if (failed.length > 0) {
  console.error(`\nfailed: ${failed.join(', ')}`);
  process.exitCode = 1;
}

async function checkAll() {
  // What is published is built from nothing, without the leavings of files that are gone.
  const builder = join(root, 'scripts/build.mjs');
  if (!run('build', root, process.execPath, [builder, '--clean'])) return;
  const tarballs = packages().map(pack);
  for (const tarball of tarballs) {
    await lint(tarball);
    run('attw', root, process.execPath, [
      // Resolution as it was before `exports` (node10) finds the main door only; nobody on Node 20 has it.
      ...[join(root, 'node_modules/@arethetypeswrong/cli/dist/index.js'), tarball],
      ...['--profile', 'node16', '--no-emoji', '--no-color'],
    ]);
  }
  use(tarballs);
}

function pack(project) {
  const args = ['--yes', packageManager, 'pack', '--pack-destination', folder];
  run(`pack ${project}`, join(root, project), 'npx', args);
  const { name, version } = readJson(join(root, project, 'package.json'));
  return join(folder, `${name.slice(1).replace('/', '-')}-${version}.tgz`);
}

async function lint(tarball) {
  const data = readFileSync(tarball);
  const { messages, pkg } = await publint({
    pack: { tarball: data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength) },
    strict: true,
  });
  const wrong = messages.filter((message) => !isMistaken(message));
  for (const message of wrong) console.error(`publint: ${formatMessage(message, pkg)}`);
  note('publint', wrong.length === 0);
}

/**
 * publint says that Node ignores `imports` in a nested package.json. Node looks them up in the nearest package.json, and so
 * do webpack, Vite and esbuild: dist/cjs could not do without (see scripts/build.mjs). Jest proves it below.
 */
function isMistaken({ code, args }) {
  return code === 'NESTED_PACKAGE_JSON_FIELD_IGNORED' && args.field === 'imports';
}

function use(tarballs) {
  const project = join(folder, 'project');
  cpSync(join(root, 'scripts/smoke'), project, { recursive: true });
  writeFileSync(join(project, 'package.json'), '{ "private": true, "type": "commonjs" }\n');
  const flags = ['--no-audit', '--no-fund', '--loglevel=error'];
  if (!run('npm install', project, 'npm', ['install', ...flags, ...tarballs])) return;
  for (const file of readdirSync(project).filter((name) => /^use\..*js$/.test(name))) {
    run(file, project, process.execPath, [file]);
  }
  run('tsc', project, process.execPath, [
    ...[resolve('typescript/bin/tsc'), '--noEmit', '--strict', '--skipLibCheck', 'false'],
    ...['--module', 'nodenext', '--target', 'es2022', '--lib', 'es2022'],
    ...[
      '--typeRoots',
      join(root, 'node_modules/@types'),
      '--types',
      'node',
      'types.mts',
      'types.cts',
    ],
  ]);
  const jest = join(root, 'node_modules/jest/bin/jest.js');
  run('jest', project, process.execPath, [
    jest,
    '--rootDir',
    project,
    '--config',
    '{"transform":{}}',
  ]);
}

/** What a command prints is of interest only if it fails. */
function run(name, cwd, command, args) {
  // npm and npx are .cmd files on Windows, which only a shell can start.
  const shell = process.platform === 'win32' && command.startsWith('np');
  const options = { cwd, shell, stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' };
  const { status, stdout, stderr, error } = spawnSync(command, args, options);
  if (status !== 0) console.error(`${stdout ?? ''}${stderr ?? ''}${error?.message ?? ''}`);
  return note(name, status === 0);
}

function note(name, succeeded) {
  console.log(`${succeeded ? 'ok' : 'FAILED'}: ${name}`);
  if (!succeeded) failed.push(name);
  return succeeded;
}
