// What Node, Bun and Deno run: the suite, its results as one line of JSON.
import { runAll } from './harness.mjs';
import { io } from './io.mjs';
import { matrix } from './matrix/matrix.mjs';
import { memory } from './memory.mjs';
import { orders } from './orders.mjs';
import { smoke } from './smoke.mjs';

const isBun = typeof Bun === 'object';
const { heapStats } = isBun ? await import('bun:jsc') : {};

const environment = {
  ambient: true,
  origin: process.argv[2],
  collect: isBun ? () => Bun.gc(true) : globalThis.gc,
  heapUsed: () => (isBun ? heapStats().heapSize : process.memoryUsage().heapUsed),
  onUnhandled: (listener) => {
    process.on('unhandledRejection', listener);
    return () => process.off('unhandledRejection', listener);
  },
};

const results = await runAll({ ...smoke, ...memory, ...matrix, ...io, ...orders }, environment);
console.log(JSON.stringify(results));
