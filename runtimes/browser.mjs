// The suite in a browser: bundled as an app's bundler does, loaded as a page, which sends its results back.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installDebian } from '../scripts/debian.mjs';
import { install } from '../scripts/tools.mjs';
import ambit from '../unplugin/src/index.mjs';
import { ENDS_BY_SIGNAL } from './signal.mjs';

const ESBUILD = '0.28.2';
const LIMIT = 240_000;

const noSignals = { ...ENDS_BY_SIGNAL, outcome: 'lacking', text: 'there is no process to signal' };

/**
 * Bundles the suite, has a browser load it, and answers what the page sends back.
 *
 * @param {{ command: string, args: (profile: string, url: string) => string[], prepare?: (profile: string) => void, env?: object }} browser
 */
export async function browse({ command, args, prepare, env }, folder, server) {
  await bundle(folder);
  const results = server.results();
  const profile = mkdtempSync(join(tmpdir(), 'ambit-browser-'));
  prepare?.(profile);
  const browser = spawn(command, args(profile, `${server.origin}/`), {
    ...{ stdio: ['ignore', 'ignore', 'pipe'], detached: true },
    env: { ...process.env, ...env },
  });
  try {
    return [...(await Promise.race([results, gone(browser), tooLate()])), noSignals];
  } finally {
    await end(browser);
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Finds a browser at one of these places; installs Debian's, if there is none. */
export function findBrowser({ name, variable, paths, debian }) {
  const candidates = [process.env[variable], ...paths];
  const find = () => candidates.find((path) => path !== undefined && existsSync(path));
  const found = find() ?? (installDebian(debian), find());
  if (found !== undefined) return found;
  throw new Error(
    `there is no ${name}: install Debian’s (apt-get install ${debian}, as root), or set ${variable} to the path of one`,
  );
}

/**
 * By the conditions that bundlers give to browsers, without AsyncLocalStorage and Node's modules; and by the plugin, as an app that
 * wants its scope to follow `await`.
 */
async function bundle(folder) {
  const { resolve } = createRequire(join(install('esbuild', { esbuild: ESBUILD }), 'package.json'));
  const { build } = await import(resolve('esbuild'));
  const options = {
    outdir: folder,
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    logLevel: 'error',
  };
  const { metafile } = await build({
    ...options,
    entryPoints: ['page.mjs', 'worker.mjs'].map((name) => join(folder, name)),
    plugins: [ambit.esbuild()],
    metafile: true,
  });
  const unfollowed = ['unfollowed.mjs', 'matrix/unfollowed-calls.mjs'];
  await build({
    ...options,
    entryPoints: unfollowed.map((name) => join(folder, name)),
    outbase: folder,
  });
  const inputs = Object.keys(metafile.inputs).join('\n');
  const own = 'dist/explicit/host/browser.js';
  if (!inputs.includes(own)) throw new Error(`the bundle for the browser is without ${own}`);
  for (const part of ['host/node.js', 'host/workerd.js', '/cjs/']) {
    if (inputs.includes(part)) throw new Error(`the bundle for the browser has ${part} in it`);
  }
}

function gone(browser) {
  let stderr = '';
  browser.stderr.setEncoding('utf8').on('data', (text) => (stderr = (stderr + text).slice(-4000)));
  return new Promise((_, reject) => {
    browser.on('error', reject);
    browser.on('exit', (code) => reject(new Error(`the browser ended with ${code}:\n${stderr}`)));
  });
}

function tooLate() {
  return new Promise((_, reject) => {
    const text = `the page has sent nothing for ${LIMIT} ms`;
    setTimeout(() => reject(new Error(text)), LIMIT).unref();
  });
}

/** The processes of the browser are a group of their own. */
async function end(browser) {
  if (browser.pid === undefined || browser.exitCode !== null) return;
  const ended = new Promise((resolve) => browser.on('exit', resolve));
  process.kill(-browser.pid, 'SIGKILL');
  await ended;
}
