// npm run test:runtimes [-- name…]: the smoke suite against the built packages, on every runtime or on those named.
// Prints a table, what failed and what is lacking, and last `N passed, N failed`. With the newest Node and both browsers
// it checks docs/after-await.md; `--write` writes it.
import { setUp } from '../scripts/setup.mjs';
import { checkPage } from './matrix/page.mjs';
import { lacking, failures, table } from './report.mjs';
import { newestNode, runtimes } from './runtimes.mjs';
import { serve } from './server.mjs';
import { openWorkshop } from './workshop.mjs';

setUp();
const isWriting = process.argv.includes('--write');
const names = process.argv.slice(2).filter((argument) => argument !== '--write');
const wanted = names.map((name) => name.toLowerCase());
const chosen = runtimes.filter(({ name }) => {
  const known = name.toLowerCase();
  return wanted.length === 0 || wanted.some((part) => known.includes(part));
});
if (chosen.length === 0) {
  console.error(`ambit: no such runtime; there are ${runtimes.map(({ name }) => name).join(', ')}`);
  process.exit(1);
}

const workshop = openWorkshop();
const { folder } = workshop;
const server = await serve(folder);
const columns = [];
for (const runtime of chosen)
  columns.push({ name: runtime.name, results: await resultsOf(runtime) });
server.close();
workshop.close();

console.log(table(columns));
columns.push({ name: 'the page', results: checkPage(columns, { node: newestNode, isWriting }) });
console.log(lacking(columns));
console.log(failures(columns));
const all = columns.flatMap(({ results }) => results);
const count = (outcome) => all.filter((result) => result.outcome === outcome).length;
console.log(`${count('passed')} passed, ${count('failed')} failed`);
process.exit(count('failed') > 0 ? 1 : 0);

/** A runtime that cannot be had, or breaks down, is one failure. */
async function resultsOf(runtime) {
  const begin = performance.now();
  try {
    return await runtime.run(folder, server);
  } catch (error) {
    return [{ feature: 'start', name: 'the suite runs', outcome: 'failed', text: error.message }];
  } finally {
    console.error(`ambit: ${runtime.name} took ${Math.round(performance.now() - begin) / 1000} s`);
  }
}
