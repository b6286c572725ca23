import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { install } from '../scripts/tools.mjs';
import { ENDS_BY_SIGNAL } from './signal.mjs';

const ESBUILD = '0.28.2';
const LIMIT = 240_000;
const FLAGS = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
  // A page that is not looked at has its timers slowed down.
  '--disable-background-timer-throttling',
  ...['--js-flags=--expose-gc', '--enable-precise-memory-info'],
];

const noSignals = { ...ENDS_BY_SIGNAL, outcome: 'lacking', text: 'there is no process to signal' };

/** Bundles the suite, has Chromium load it, and answers what the page sends back. */
export async function browse(folder, server) {
  await bundle(folder);
  const results = server.results();
  const profile = mkdtempSync(join(tmpdir(), 'ambit-chromium-'));
  const args = [...FLAGS, `--user-data-dir=${profile}`, `${server.origin}/`];
  const browser = spawn(chromium(), args, { stdio: ['ignore', 'ignore', 'pipe'], detached: true });
  try {
    return [...(await Promise.race([results, gone(browser), tooLate()])), noSignals];
  } finally {
    await end(browser);
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** By the conditions that bundlers give to browsers: without AsyncLocalStorage, without Node's modules. */
async function bundle(folder) {
  const { resolve } = createRequire(join(install('esbuild', { esbuild: ESBUILD }), 'package.json'));
  const { build } = await import(resolve('esbuild'));
  const { metafile } = await build({
    entryPoints: [join(folder, 'page.mjs')],
    outfile: join(folder, 'page.js'),
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    metafile: true,
    logLevel: 'error',
  });
  const inputs = Object.keys(metafile.inputs).join('\n');
  for (const part of ['dist/context/synchronous.js', 'dist/platform/none.js']) {
    if (!inputs.includes(part)) throw new Error(`the bundle for the browser is without ${part}`);
  }
  for (const part of ['dist/context/async-local-storage.js', 'dist/platform/node.js', '/cjs/']) {
    if (inputs.includes(part)) throw new Error(`the bundle for the browser has ${part} in it`);
  }
}

export function chromium() {
  const candidates = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser'];
  const find = () => candidates.find((path) => path !== undefined && existsSync(path));
  const found = find() ?? (installChromium(), find());
  if (found !== undefined) return found;
  throw new Error(
    'there is no Chromium: install Debian’s (apt-get install chromium, as root), or set CHROMIUM to the path of one',
  );
}

function installChromium() {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return;
  console.error('ambit: installing chromium from Debian’s packages');
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = (...args) => spawnSync('apt-get', ['-qq', ...args], { stdio: ['ignore', 2, 2], env });
  apt('update');
  apt('install', '-y', '--no-install-recommends', 'chromium');
}

function gone(browser) {
  let stderr = '';
  browser.stderr.setEncoding('utf8').on('data', (text) => (stderr = (stderr + text).slice(-4000)));
  return new Promise((_, reject) => {
    browser.on('error', reject);
    browser.on('exit', (code) => reject(new Error(`Chromium ended with ${code}:\n${stderr}`)));
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
