// node scripts/start.mjs examples/link-check.ts [arguments…]
// Sets up, then becomes that program: same process, so its terminal, exit code and signals are its own.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { setUp, root } from './setup.mjs';
import { deliverSignalsOnce } from './signals-once.mjs';

const [source = '', ...args] = process.argv.slice(2);
setUp();
const program = join(root, source.replace(/^(\w+)\/(.*)\.ts$/, '$1/dist/$2.js'));
if (!existsSync(program)) {
  process.stderr.write(`ambit: there is no ${source || 'program to start'}\n`);
  process.exit(1);
}
deliverSignalsOnce();
process.setSourceMapsEnabled(true);
process.argv = [process.argv[0], program, ...args];
await import(pathToFileURL(program).href);
