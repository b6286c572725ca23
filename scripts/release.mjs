// npm run release: publishes every version that npm and JSR do not have yet. The release workflow calls it, after the pull request
// with the versions was merged.
// npm run release -- --dry-run: does all of it on a copy, the versions of the next release included, and publishes nothing.
// Fails on each warning.
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onJsr, writeJsr } from './jsr.mjs';
import { packages, readJson, root, setUp } from './setup.mjs';
import { expectShipped } from './shipped.mjs';
import { install } from './tools.mjs';

/** All that npm gets: the packages, and the tools for their users. */
const PUBLISHED = [...packages(), 'eslint-plugin', 'unplugin', 'codemods'];
const { packageManager, repository } = readJson(join(root, 'package.json'));
const DENO = '2.9.6';
/** Warnings of a dry run that are no fault: that it is one, and that a package is read when it is used, if it is there. */
const HARMLESS = [/requires you to be logged in/, /unanalyzable-dynamic-import/];

setUp();
if (process.argv.includes('--dry-run')) dryRun();
else release();

function release() {
  if (repository === undefined) {
    throw new Error(
      'release: package.json has no `repository`; write its URL there: npm proves by it where a version comes from',
    );
  }
  run(root, process.execPath, [join(root, 'scripts/build.mjs'), '--clean']);
  prepare(root);
  run(root, join(root, 'node_modules/.bin/changeset'), ['publish']);
  run(root, deno(), ['publish', '--allow-dirty']);
}

function dryRun() {
  const folder = mkdtempSync(join(tmpdir(), 'ambit-release-'));
  try {
    copyTo(folder);
    run(folder, join(root, 'node_modules/.bin/changeset'), ['version']);
    prepare(folder);
    for (const project of PUBLISHED) tryNpm(join(folder, project));
    expectQuiet('JSR', run(folder, deno(), ['publish', '--dry-run', '--allow-dirty']));
    console.log(`JSR: ${onJsr.map((project) => nameOf(join(folder, project))).join(', ')}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What is tracked or new, and the build. */
function copyTo(folder) {
  const listed = run(root, 'git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard']);
  for (const file of listed.split('\0').filter((each) => each !== '')) {
    if (!existsSync(join(root, file))) continue;
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    cpSync(join(root, file), join(folder, file));
  }
  for (const project of packages()) {
    cpSync(join(root, project, 'dist'), join(folder, project, 'dist'), { recursive: true });
  }
  for (const project of ['.', ...PUBLISHED]) linkModules(project, folder);
  run(folder, 'git', ['init', '--quiet']);
}

/** Dependencies of the workspace lead to the copy, others to where they are installed. */
function linkModules(project, folder) {
  const from = join(root, project, 'node_modules');
  const to = join(folder, project, 'node_modules');
  if (project === '.') return symlinkSync(from, to);
  mkdirSync(join(to, '@ambit'), { recursive: true });
  for (const name of existsSync(join(from, '@ambit')) ? readdirSync(join(from, '@ambit')) : []) {
    symlinkSync(join(folder, 'packages', name), join(to, '@ambit', name));
  }
  for (const name of readdirSync(from).filter((each) => each !== '@ambit')) {
    symlinkSync(join(from, name), join(to, name));
  }
}

/** What no manifest of the repository has, because one line of package.json says it for all. */
function prepare(folder) {
  for (const project of PUBLISHED) {
    const path = join(folder, project, 'package.json');
    const manifest = readJson(path);
    if (repository !== undefined) {
      manifest.repository = { type: 'git', url: repository, directory: project };
      writeFileSync(path, `${JSON.stringify(manifest, null, 2)}\n`);
    }
    cpSync(join(root, 'LICENSE'), join(folder, project, 'LICENSE'));
  }
  writeJsr(folder);
  writeFileSync(join(folder, 'deno.json'), JSON.stringify({ workspace: onJsr }));
}

function tryNpm(project) {
  const arguments_ = ['--yes', packageManager, 'publish', '--dry-run', '--no-git-checks'];
  const name = nameOf(project);
  const output = run(project, 'npx', arguments_);
  expectQuiet(name, output);
  if (name.endsWith('@0.0.0')) report(`${name} has no version; add a changeset`);
  const files = [...output.matchAll(/^npm notice [\d.]+[kM]?B (\S+)$/gm)];
  expectShipped(
    name,
    files.map(([, path]) => path),
  );
  console.log(`npm: ${name}, ${files.length} files`);
}

function nameOf(project) {
  const { name, version } = readJson(join(project, 'package.json'));
  return `${name}@${version}`;
}

/** No line of the output warns. */
function expectQuiet(name, output) {
  for (const line of output.split('\n')) {
    if (/^(npm |\s*)warn/i.test(line) && !HARMLESS.some((each) => each.test(line))) {
      report(`${name}: ${line.trim()}`);
    }
  }
}

function report(message) {
  console.error(`release: ${message}`);
  process.exitCode = 1;
}

/** The path of its binary, which the package for this machine carries. */
function deno() {
  const scope = join(install('deno', { deno: DENO }), 'node_modules/@deno');
  const [carrier] = readdirSync(scope);
  return join(scope, carrier, process.platform === 'win32' ? 'deno.exe' : 'deno');
}

/** Returns all that it prints. */
function run(cwd, command, arguments_) {
  const env = { ...process.env, NO_COLOR: '1', DENO_NO_UPDATE_CHECK: '1' };
  const shell = process.platform === 'win32';
  const { status, stdout, stderr, error } = spawnSync(command, arguments_, {
    ...{ cwd, env, shell, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
  });
  if (status === 0) return `${stdout}${stderr}`;
  throw new Error(
    `release: ${command} ${arguments_.join(' ')} failed: ${error?.message ?? `${stdout}${stderr}`}`,
  );
}
