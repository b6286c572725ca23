// Looks at the packages as a user gets them: packs each one, has the tarball checked by publint and attw, installs them with
// npm, pnpm and yarn in empty directories, and uses them there through `import`, `require`, TypeScript and test runners.
import { spawn } from 'node:child_process';
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
import { basename, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { text } from 'node:stream/consumers';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { packages, readJson, root } from './setup.mjs';
import { install } from './tools.mjs';

const { packageManager } = readJson(join(root, 'package.json'));
const folder = mkdtempSync(join(tmpdir(), 'ambit-packages-'));

// The oldest that users may have, the last of its line, and ours.
const COMPILERS = {
  'typescript-5.2': '5.2.2',
  'typescript-5.9': '5.9.3',
  'typescript-6.0': '6.0.3',
};
// Each in a directory of its own; pnpm and yarn only run the checks that depend on the layout of node_modules.
const INSTALLERS = {
  npm: ['npm', 'install', '--no-audit', '--no-fund', '--loglevel=error'],
  pnpm: ['npx', '--yes', packageManager, 'install', '--ignore-workspace'],
  // The last that is one file, and needs no corepack. By its cache a tarball of an earlier run would be this one.
  yarn: [
    ...['npx', '--yes', 'yarn@1.22.22', 'install', '--non-interactive', '--no-lockfile'],
    ...['--cache-folder', join(folder, 'yarn-cache')],
  ],
};
// The last that runs on Node 20.
const VITEST = { vitest: '4.1.12', vite: '7.3.8' };

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
  if (!(await run('build', root, process.execPath, [builder, '--clean']))) return;
  const tarballs = await Promise.all(packages().map(pack));
  if (failed.length > 0) return;
  // Before the installers go side by side: each of them asks for it.
  compiler('typescript-6.0');
  await Promise.all([
    lintAll(tarballs),
    ...Object.keys(INSTALLERS).map((installer) => use(installer, tarballs)),
  ]);
}

async function lintAll(tarballs) {
  const attw = join(root, 'node_modules/@arethetypeswrong/cli/dist/index.js');
  // Resolution as it was before `exports` (node10) finds the main door only; Node 20 does not use it.
  const options = ['--profile', 'node16', '--no-emoji', '--no-color'];
  for (const tarball of tarballs) {
    await lint(tarball);
    await run(`attw ${basename(tarball)}`, root, process.execPath, [attw, tarball, ...options]);
  }
}

async function pack(project) {
  const args = ['--yes', packageManager, 'pack', '--pack-destination', folder];
  await run(`pack ${project}`, join(root, project), 'npx', args);
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
  note(`publint ${basename(tarball)}`, wrong.length === 0);
}

/**
 * publint says that Node ignores `imports` in a nested package.json. Node looks them up in the nearest package.json, and so
 * do webpack, Vite and esbuild: dist/cjs could not do without (see scripts/build.mjs). Jest proves it below.
 */
function isMistaken({ code, args }) {
  return code === 'NESTED_PACKAGE_JSON_FIELD_IGNORED' && args.field === 'imports';
}

async function use(installer, tarballs) {
  const project = join(folder, installer);
  if (!(await installWith(installer, project, tarballs))) return;
  addTypes(project);
  const isFirst = installer === 'npm';
  const programs = readdirSync(project).filter((name) => /^use\..*js$/.test(name));
  for (const file of programs.filter((name) => isFirst || !name.includes('two-copies')))
    await run(`${installer}: ${file}`, project, process.execPath, [file]);
  await readmes(installer, project);
  if (!isFirst) return;
  await compile(project);
  await testRunners(project);
}

async function installWith(installer, project, tarballs) {
  cpSync(join(root, 'scripts/smoke'), project, { recursive: true });
  const dependencies = Object.fromEntries(
    packages().map((path, index) => [
      readJson(join(root, path, 'package.json')).name,
      `file:${tarballs[index]}`,
    ]),
  );
  // What sync and io ask for is not published yet: `resolutions` are how pnpm and yarn are told where it is.
  const manifest = { private: true, type: 'commonjs', dependencies, resolutions: dependencies };
  writeFileSync(join(project, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  const [command, ...args] = INSTALLERS[installer];
  return run(`${installer} install`, project, command, args);
}

function addTypes(project) {
  symlinkSync(join(root, 'node_modules/@types'), join(project, 'node_modules/@types'), 'junction');
}

/** The first example of each README that imports a package, compiled and run: it prints the output that the README shows. */
async function readmes(installer, project) {
  const files = ['README.md', ...packages().map((path) => `${path}/README.md`)];
  const samples = files.map((file) => ({ file, ...sampleOf(file) }));
  for (const [index, { code }] of samples.entries())
    writeFileSync(join(project, `readme-${index}.mts`), code);
  const args = [compiler('typescript-6.0'), '-p', 'tsconfig.readme.json'];
  if (!(await run(`${installer}: READMEs compiled`, project, process.execPath, args))) return;
  for (const [index, { file, output }] of samples.entries()) {
    const name = `${installer}: the example of ${file}`;
    await run(name, project, process.execPath, [`readme/readme-${index}.mjs`], output);
  }
}

function sampleOf(file) {
  const text = readFileSync(join(root, file), 'utf8').replaceAll('\r\n', '\n');
  const [, code, output] = /\n```ts\n(import .*?)```\n\n```text\n(.*?)```\n/s.exec(text) ?? [];
  if (code === undefined) throw new Error(`${file} has no example with its output`);
  return { code, output };
}

async function testRunners(project) {
  const jest = join(root, 'node_modules/jest/bin/jest.js');
  const config = JSON.stringify({ transform: {}, testMatch: ['**/*.jest.test.js'] });
  await run('jest', project, process.execPath, [jest, '--rootDir', project, '--config', config]);
  await run('node:test', project, process.execPath, ['--test', 'kit.node.test.mjs']);
  const tools = join(install('vitest', VITEST), 'node_modules');
  symlinkSync(join(tools, 'vitest'), join(project, 'node_modules/vitest'), 'junction');
  const vitest = join(tools, 'vitest/vitest.mjs');
  await run('vitest', project, process.execPath, [vitest, 'run', '--root', project]);
}

/** With Node's types, also beside the DOM's, and without any, and always with a look into the libraries (`skipLibCheck: false`). */
async function compile(project) {
  for (const name of Object.keys(COMPILERS)) {
    for (const kind of ['node', 'node-dom', 'browser']) {
      const config = `tsconfig.${kind}.json`;
      await run(`${name} ${config}`, project, process.execPath, [compiler(name), '-p', config]);
    }
  }
}

function compiler(name) {
  const aliases = Object.entries(COMPILERS).map(([alias, v]) => [alias, `npm:typescript@${v}`]);
  const tools = install('compilers', Object.fromEntries(aliases));
  return join(tools, 'node_modules', name, 'bin/tsc');
}

/** What a command prints is of interest only if it fails, or is not what is expected of it. */
async function run(name, cwd, command, args, expected) {
  const begin = performance.now();
  // npm and npx are .cmd files on Windows, which only a shell can start.
  const shell = process.platform === 'win32' && command.startsWith('np');
  const child = spawn(command, args, { cwd, shell, stdio: ['ignore', 'pipe', 'pipe'] });
  const [code, stdout, stderr] = await Promise.all([
    new Promise((resolve) => child.once('error', resolve).once('close', resolve)),
    text(child.stdout),
    text(child.stderr),
  ]);
  const succeeded = code === 0 && (expected === undefined || stdout === expected);
  if (!succeeded) console.error(`${stdout}${stderr}${code instanceof Error ? code.message : ''}`);
  if (!succeeded && expected !== undefined) console.error(`expected:\n${expected}`);
  const seconds = ((performance.now() - begin) / 1000).toFixed(1);
  return note(`${name} (${seconds} s)`, succeeded);
}

function note(name, succeeded) {
  console.log(`${succeeded ? 'ok' : 'FAILED'}: ${name}`);
  if (!succeeded) failed.push(name);
  return succeeded;
}
