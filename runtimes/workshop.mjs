import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { transformSync } from 'esbuild';
import { packages, readJson, root } from '../scripts/setup.mjs';

/**
 * A directory where the suite finds the built packages by their names, as a user's program does. Outside of the clone:
 * Deno takes a program under a `node_modules` for a package, and packages for something that cannot be linked.
 */
export function openWorkshop() {
  const folder = mkdtempSync(join(tmpdir(), 'ambit-runtimes-'));
  const scope = join(folder, 'node_modules/@ambit');
  cpSync(join(root, 'runtimes'), folder, { recursive: true });
  // Where there is one, Deno looks into node_modules.
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
  writeFileSync(join(folder, 'bodies.mjs'), javaScriptOf('packages/sync/test/contracts/orders.ts'));
  mkdirSync(scope, { recursive: true });
  for (const project of packages()) {
    const { name } = readJson(join(root, project, 'package.json'));
    symlinkSync(join(root, project), join(scope, name.split('/').pop()), 'junction');
  }
  return { folder, close: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Without types and without `using`, which not every runtime has. */
function javaScriptOf(path) {
  return transformSync(readFileSync(join(root, path), 'utf8'), { loader: 'ts', target: 'es2022' })
    .code;
}
