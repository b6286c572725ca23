// What the code for V8 brings that is in core's `keep-shapes`: core as it is, and a copy that keeps no object. Both are bundled from the
// sources, so that nothing else differs.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type * as core from '@ambit/core';
import { build } from 'esbuild';
import type { Plugin } from 'esbuild';
import { contest, inTurn } from '../contest.ts';

const NOTHING_KEPT: Plugin = {
  name: 'nothing-kept',
  setup(bundling) {
    bundling.onLoad({ filter: /[\\/]keep-shapes[.]ts$/ }, () => ({
      contents: `export const keepShape = () => {};
        export const rareFields = (prototype, defaults) => Object.assign(prototype, defaults);`,
    }));
  },
};

async function bundled(plugins: Plugin[]): Promise<typeof core> {
  const folder = mkdtempSync(join(tmpdir(), 'ambit-'));
  try {
    const outfile = join(folder, 'core.mjs');
    await build({
      stdin: {
        contents: "export * from '@ambit/core';",
        resolveDir: fileURLToPath(new URL('../..', import.meta.url)),
      },
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: 'es2023',
      conditions: ['@ambit/source'],
      outfile,
      plugins,
      logLevel: 'error',
    });
    return (await import(pathToFileURL(outfile).href)) as typeof core;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const [kept, bare] = [await bundled([]), await bundled([NOTHING_KEPT])];

async function work(): Promise<number> {
  await Promise.resolve();
  return 1;
}

const TEN = Array.from({ length: 10 }, () => work);

await contest({
  title: 'A time limit, with objects kept for V8 and without',
  count: 10_000,
  contenders: [
    { name: 'kept', prepare: inTurn(() => kept.timeout(1000, work)) },
    { name: 'none kept', prepare: inTurn(() => bare.timeout(1000, work)) },
  ],
});

await contest({
  title: 'Gather ten, with objects kept for V8 and without',
  count: 5000,
  contenders: [
    { name: 'kept', prepare: inTurn(() => kept.gather(TEN)) },
    { name: 'none kept', prepare: inTurn(() => bare.gather(TEN)) },
  ],
});
