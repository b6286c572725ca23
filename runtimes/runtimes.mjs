// The runtimes, and how each is started. Pinned, so that a red table means a change of ours.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { install } from '../scripts/tools.mjs';
import { browse } from './chromium.mjs';
import { endBySignal } from './signal.mjs';
import { start } from './start.mjs';

const NODES = { 20: '20.20.2', 22: '22.23.3', 24: '24.21.0', 26: '26.10.0' };
const BUN = '1.4.5';
const DENO = '2.9.6';

const nodes = Object.entries(NODES).map(([major, version]) => ({
  name: `Node ${major}`,
  run: (folder, { origin }) => {
    const [alias, from] = [
      `node-${major}`,
      `npm:node-${process.platform}-${process.arch}@${version}`,
    ];
    const node = join(install(alias, { [alias]: from }), 'node_modules', alias, 'bin/node');
    return both(folder, origin, [node, '--expose-gc']);
  },
}));

const bun = {
  name: 'Bun',
  run: (folder, { origin }) => {
    const command = binary(install('bun', { bun: BUN }), '@oven', 'bin/bun');
    return both(folder, origin, [command]);
  },
};

const deno = {
  name: 'Deno',
  run: (folder, { origin }) => {
    const tools = install('deno', { deno: DENO });
    const command = binary(tools, '@deno', 'deno');
    const env = { DENO_DIR: join(tools, 'deno-dir'), DENO_NO_UPDATE_CHECK: '1' };
    return both(folder, origin, [command, 'run', '-A', '--v8-flags=--expose-gc'], env);
  },
};

/** The package that carries the binary for this machine is the only one npm has installed. */
function binary(folder, scope, path) {
  const [carrier] = readdirSync(join(folder, 'node_modules', scope));
  return join(folder, 'node_modules', scope, carrier, path);
}

async function both(folder, origin, command, env) {
  const options = { cwd: folder, env: { ...process.env, ...env } };
  const { stdout } = await start([...command, 'main.mjs', origin], options);
  // The results are its last line.
  const results = JSON.parse(stdout.trim().split('\n').pop());
  return [...results, await endBySignal([...command, 'program.mjs'], options)];
}

const chromium = { name: 'Chromium', run: browse };

export const runtimes = [...nodes, bun, deno, chromium];
