// What the code for V8 brings that is in core's `keep-shapes`: core as it is, and a copy that keeps no object. Both are bundled from the
// sources, so that nothing else differs.
import { bundledCopy, FROM_SOURCES, instead } from '../bundled-copy.ts';
import { contest, inTurn } from '../contest.ts';

const NOTHING_KEPT = instead(
  /[\\/]keep-shapes[.]ts$/,
  () => `export const keepShape = () => {};
    export const rareFields = (prototype, defaults) => Object.assign(prototype, defaults);`,
);

const kept = await bundledCopy(FROM_SOURCES);
const bare = await bundledCopy({ ...FROM_SOURCES, plugins: [NOTHING_KEPT] });

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
