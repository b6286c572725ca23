// Makes a clone ready to run: the right Node, the dependencies, the build. Each part only when something it depends on
// has changed, so that a second run costs next to nothing. Uses Node alone, because nothing else is there yet.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const stamps = join(root, 'node_modules', '.cache', 'ambit');

/**
 * Node version, dependencies, build. Everything it has to say goes to stderr: stdout belongs to the program that follows.
 * @param {{ goOnAfterTypeErrors?: boolean }} [options]
 */
export function setUp({ goOnAfterTypeErrors = false } = {}) {
  checkNode();
  once('install', installInputs, install);
  const built = once('build', buildInputs, build, buildOutputs());
  if (built || goOnAfterTypeErrors) return;
  fail('the build failed; the errors are above');
}

function checkNode() {
  const wanted = readJson(join(root, 'package.json')).engines.node.replace('>=', '');
  const [major, minor] = wanted.split('.').map(Number);
  const [ownMajor, ownMinor] = process.versions.node.split('.').map(Number);
  if (ownMajor > major || (ownMajor === major && ownMinor >= minor)) return;
  fail(`Ambit needs Node ${wanted} or newer; this is ${process.versions.node}`);
}

/** Does `work` unless it has succeeded before with the same inputs. Returns whether the result stands. */
function once(name, inputs, work, outputs = []) {
  const stamp = join(stamps, name);
  // Looked at before the work: what changes while it is under way is done next time.
  const now = inputs();
  const before = existsSync(stamp) ? readFileSync(stamp, 'utf8') : undefined;
  if (before === now && outputs.every((path) => existsSync(path))) return true;
  if (!work()) return false;
  mkdirSync(stamps, { recursive: true });
  writeFileSync(stamp, now);
  return true;
}

function installInputs() {
  const files = ['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json'];
  const manifests = projects().map((project) => join(project, 'package.json'));
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}`);
  for (const file of [...files, ...manifests])
    hash.update(file).update(readFileSync(join(root, file)));
  return hash.digest('hex');
}

function install() {
  const { packageManager } = readJson(join(root, 'package.json'));
  say(`installing the dependencies (${packageManager})`);
  const quiet = '--config.update-notifier=false';
  if (run('npx', ['--yes', packageManager, 'install', '--frozen-lockfile', quiet])) return true;
  return fail('the dependencies could not be installed; the reason is above');
}

/** Names, times and sizes: cheap enough to look at before each run. */
function buildInputs() {
  const hash = createHash('sha256');
  const configs = readdirSync(root).filter((name) => name.startsWith('tsconfig'));
  const rewrite = readdirSync(join(root, 'unplugin/src')).map((name) => `unplugin/src/${name}`);
  const scripts = ['build', 'bundle', 'doors'].map((name) => `scripts/${name}.mjs`);
  const builders = [...scripts, ...rewrite];
  const sources = projects().flatMap((project) => listSources(join(root, project)));
  for (const file of [...[...configs, ...builders].map((name) => join(root, name)), ...sources]) {
    const { mtimeMs, size } = statSync(file);
    hash.update(`${relative(root, file)} ${mtimeMs} ${size}\n`);
  }
  return hash.digest('hex');
}

/** The last file that the build of each package writes. */
function buildOutputs() {
  return packages().map((project) => join(root, project, 'dist/cjs/package.json'));
}

function listSources(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (['node_modules', 'build', 'dist', 'test', 'etc'].includes(entry.name)) return [];
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return listSources(path);
    return /\.ts$|^(tsconfig.*|package)\.json$/.test(entry.name) ? [path] : [];
  });
}

function build() {
  say('building');
  return run(process.execPath, [join(root, 'scripts', 'build.mjs')]);
}

/** What is published, as paths from the root. */
export function packages() {
  const folders = readdirSync(join(root, 'packages')).map((name) => `packages/${name}`);
  return folders.filter((folder) => existsSync(join(root, folder, 'package.json'))).sort();
}

/** The workspace's members, as paths from the root. */
export function projects() {
  return [...packages(), 'examples', 'bench'];
}

export function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}

/** Runs a command with its output on stderr; returns whether it succeeded. */
function run(command, args) {
  // npx is a .cmd file on Windows, which only a shell can start.
  const shell = process.platform === 'win32' && command === 'npx';
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2], shell });
  if (error) say(`${command}: ${error.message}`);
  return status === 0;
}

function say(text) {
  process.stderr.write(`ambit: ${text}\n`);
}

function fail(text) {
  say(text);
  process.exit(1);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) setUp();
