// The runtimes, and how each is started. Pinned, as the versions of Node are.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { install } from '../scripts/tools.mjs';
import { browseChromium } from './chromium.mjs';
import { environments } from './environments.mjs';
import { browseFirefox } from './firefox.mjs';
import { NODES, nodeOf } from './nodes.mjs';
import { endBySignal } from './signal.mjs';
import { start } from './start.mjs';

const BUN = '1.4.5';
const DENO = '2.9.6';

const nodes = Object.keys(NODES).map((major) => ({
  name: `Node ${major}`,
  run: (folder, { origin }) => both(folder, origin, [nodeOf(major), '--expose-gc']),
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

const browsers = [
  { name: 'Chromium', run: browseChromium },
  { name: 'Firefox', run: browseFirefox },
];

// On the newest LTS: the environments have left Node 20.
const rooms = environments.map(({ name, run }) => ({
  name,
  run: (folder) => run(folder, nodeOf(24)),
}));

export const runtimes = [...nodes, bun, deno, ...browsers, ...rooms];

/** The Node whose column docs/after-await.md shows. */
export const newestNode = nodes.at(-1).name;
