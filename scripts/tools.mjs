// Tools that only one check needs, and that are too large, or of too many versions, to be dependencies of the repository:
// in a directory of their own under node_modules/.cache, installed when first asked for.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './setup.mjs';

/**
 * Installs packages of exact versions, unless they are there, and returns the directory. No install script runs,
 * because the packages contain everything.
 */
export function install(name, dependencies) {
  const folder = join(root, 'node_modules/.cache', name);
  const stamp = join(folder, 'installed.json');
  const manifest = `${JSON.stringify({ private: true, type: 'module', dependencies }, null, 2)}\n`;
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === manifest) return folder;

  console.error(`ambit: installing ${Object.keys(dependencies).join(', ')}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), manifest);
  const flags = ['--ignore-scripts', '--no-package-lock', '--no-audit', '--no-fund'];
  const { status, error } = spawnSync('npm', ['install', ...flags, '--loglevel=error'], {
    cwd: folder,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (status !== 0) {
    const why = error?.message ?? 'the reason is above';
    throw new Error(`the tools for ${name} could not be installed: ${why}`);
  }
  writeFileSync(stamp, manifest);
  return folder;
}
