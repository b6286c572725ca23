import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const here = fileURLToPath(new URL('..', import.meta.url));

/** The size of the smallest useful program in KiB, bundled for browsers, minified and compressed. */
export async function sizeOf({ smallest }) {
  if (smallest === undefined) return 0;
  const { outputFiles } = await build({
    stdin: { contents: smallest, resolveDir: here },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    external: ['node:*'],
    logLevel: 'error',
  });
  return gzipSync(outputFiles[0].contents, { level: 9 }).length / 1024;
}

/** The processor time of running two async functions together, in microseconds: the best of several rounds. */
export async function costOf({ tiny }, { rounds = 7, calls = 3000 } = {}) {
  let best = Infinity;
  for (let round = 0; round < rounds; round += 1) {
    const before = process.cpuUsage();
    for (let call = 0; call < calls; call += 1) await tiny();
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, (user + system) / calls);
  }
  return best;
}
