// What a program takes along: its bundle, minified and gzipped.
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { weigh } from '../contest.ts';

const here = fileURLToPath(new URL('../..', import.meta.url));

/** Of what a bundler makes of it for Node; abort-controller-x, which core depends on, is included where it is used. */
async function bundled(source: string): Promise<number> {
  const { outputFiles } = await build({
    stdin: { contents: source, resolveDir: here },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'node',
    logLevel: 'error',
  });
  const [file] = outputFiles;
  if (file === undefined) throw new Error(`esbuild made nothing of ${source}`);
  return gzipSync(file.contents, { level: 9 }).length / 1024;
}

const DOORS = ['core', 'core/abort', 'core/iter', 'core/lowlevel', 'core/testing', 'sync', 'io'];

await weigh({
  title: 'The bundle of run, taskGroup, timeout, sleep and gather',
  unit: 'KiB',
  contenders: [
    {
      name: '@ambit/core, these five',
      weigh: () => bundled("export { run, taskGroup, timeout, sleep, gather } from '@ambit/core';"),
    },
    {
      name: 'Effect: runPromise, forEach, timeout, sleep, all',
      weigh: () =>
        bundled("export { runPromise, forEach, timeout, sleep, all } from 'effect/Effect';"),
    },
    {
      name: 'effection: run, spawn, sleep, all, race',
      weigh: () => bundled("export { run, spawn, sleep, all, race } from 'effection';"),
    },
    {
      name: 'p-limit, p-map, p-queue and p-timeout',
      weigh: () =>
        bundled(
          ['p-limit', 'p-map', 'p-queue', 'p-timeout']
            .map((name, at) => `export { default as d${at} } from '${name}';`)
            .join('\n'),
        ),
    },
  ],
  aims: [{ atMost: 13.5 }],
});

await weigh({
  title: 'The bundle of each door, whole',
  unit: 'KiB',
  contenders: DOORS.map((door) => ({
    name: `@ambit/${door}`,
    weigh: () => bundled(`export * from '@ambit/${door}';`),
  })),
});
