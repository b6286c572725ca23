// node scripts/start.mjs <example> [arguments…]: `agent` is examples/agent/main.ts, and `tail` is examples/tail.ts.
// Sets up, then becomes that program: same process, so its terminal, exit code and signals are its own.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { setUp, root } from './setup.mjs';
import { deliverSignalsOnce } from './signals-once.mjs';

const [name = '', ...args] = process.argv.slice(2);
const found = [name, `${name}/main`].find((path) => existsSync(sourceOf(path)));
if (name === '' || found === undefined) {
  const problem = name === '' ? 'name an example' : `there is no example "${name}"; name another`;
  process.stderr.write(`ambit: ${problem}: ${examples().join(', ')}\n`);
  process.exit(1);
}
setUp();
const program = join(root, 'examples/dist', `${found}.js`);
deliverSignalsOnce();
process.setSourceMapsEnabled(true);
process.argv = [process.argv[0], program, ...args];
await import(pathToFileURL(program).href);

function sourceOf(path) {
  return join(root, 'examples', `${path}.ts`);
}

/** Directly in the directory, and those that have a directory of their own. */
function examples() {
  const names = readdirSync(join(root, 'examples')).map((entry) => entry.replace(/\.ts$/, ''));
  const isProgram = (each) => existsSync(sourceOf(each)) || existsSync(sourceOf(`${each}/main`));
  return [...new Set(names.filter(isProgram))];
}
