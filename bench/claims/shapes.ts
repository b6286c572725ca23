// What the code for V8 brings that is in core's `keep-shapes`: core as it is, and a copy that keeps no object. Both are bundled from the
// sources, so that nothing else differs.
import type { BuildOptions, Plugin } from 'esbuild';
import { bundledCore } from '../bundled-core.ts';
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

const FROM_SOURCES: BuildOptions = {
  platform: 'node',
  target: 'es2023',
  conditions: ['@ambit/source'],
};

const kept = await bundledCore(FROM_SOURCES);
const bare = await bundledCore({ ...FROM_SOURCES, plugins: [NOTHING_KEPT] });

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
