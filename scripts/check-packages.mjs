// Looks at the packages as a user gets them: packs each one, has the tarball checked by publint and attw, installs it with
// npm in an empty folder and uses it there through `import`, `require`, TypeScript and a CommonJS Jest.
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { packages, readJson, root } from './setup.mjs';
import { install } from './tools.mjs';

// The oldest that users may have, the last of its line, and ours.
const COMPILERS = {
  'typescript-5.2': '5.2.2',
  'typescript-5.9': '5.9.3',
  'typescript-6.0': '6.0.3',
};
// The last that runs on Node 20.
const VITEST = { vitest: '4.1.12', vite: '7.3.8' };

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
  compile(project);
  const jest = join(root, 'node_modules/jest/bin/jest.js');
  const config = JSON.stringify({ transform: {}, testMatch: ['**/*.jest.test.js'] });
  run('jest', project, process.execPath, [jest, '--rootDir', project, '--config', config]);
  run('node:test', project, process.execPath, ['--test', 'kit.node.test.mjs']);
  const tools = join(install('vitest', VITEST), 'node_modules');
  symlinkSync(join(tools, 'vitest'), join(project, 'node_modules/vitest'), 'junction');
  const vitest = join(tools, 'vitest/vitest.mjs');
  run('vitest', project, process.execPath, [vitest, 'run', '--root', project]);
}

/** With Node's types and without any, and always with a look into the libraries (`skipLibCheck: false`). */
function compile(project) {
  const aliases = Object.entries(COMPILERS).map(([name, v]) => [name, `npm:typescript@${v}`]);
  const tools = install('compilers', Object.fromEntries(aliases));
  symlinkSync(join(root, 'node_modules/@types'), join(project, 'node_modules/@types'), 'junction');
  for (const name of Object.keys(COMPILERS)) {
    const tsc = join(tools, 'node_modules', name, 'bin/tsc');
    for (const config of ['tsconfig.node.json', 'tsconfig.browser.json']) {
      run(`${name} ${config}`, project, process.execPath, [tsc, '-p', config]);
    }
  }
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
