// Measures how the order service scales over cores, and writes the table into its page: `node bench/dist/load/cores.js [arguments of
// order-cluster/counts]`. It needs Linux, PostgreSQL and Redis.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';

const root = new URL('../../../', import.meta.url);
const page = new URL('docs/guides/several-cores.md', root);
const BEGIN = '<!-- cores: written by `node bench/dist/load/cores.js` -->';
const END = '<!-- end of cores -->';

/** How many processes of the machine ran or waited to run, on average. */
const load = (): string => loadavg()[0]?.toFixed(1) ?? 'unknown';

const before = load();
const program = fileURLToPath(new URL('examples/dist/order-cluster/counts.js', root));
const { stdout, status } = spawnSync(process.execPath, [program, ...process.argv.slice(2)], {
  encoding: 'utf8',
  stdio: ['ignore', 'pipe', 'inherit'],
});
if (status !== 0) throw new Error(`order-cluster/counts has ended with ${status}`);
const where = `Node ${process.version} on ${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}; load of the machine before ${before}, after ${load()}.`;
const text = readFileSync(page, 'utf8');
const [from, to] = [text.indexOf(BEGIN), text.indexOf(END)];
if (from < 0 || to < 0) throw new Error('the page has no place for the table');
const shown = `${BEGIN}\n\n${stdout.trim()}\n\n${where}\n\n`;
writeFileSync(page, `${text.slice(0, from)}${shown}${text.slice(to)}`);
console.log(stdout);
