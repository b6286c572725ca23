// What the ambient scope costs: code below runs in it without being told, by an AsyncLocalStorage, which old releases of Node pay
// for at each promise. Browsers have no AsyncLocalStorage, so they do not pay for it.
import * as core from '@ambit/core';
import { bundledCopy } from '../bundled-copy.ts';
import { contest, inTurn } from '../contest.ts';

const SIZE = 100;

async function work(): Promise<number> {
  await Promise.resolve();
  return 1;
}

const bare = await bundledCopy({ platform: 'browser' });

function spawnIn({ taskGroup }: typeof core): () => Promise<unknown> {
  return () =>
    taskGroup((group) => {
      for (let at = 0; at < SIZE; at += 1) group.spawn(work);
    });
}

const all = (): Promise<unknown> => Promise.all(Array.from({ length: SIZE }, work));

await contest({
  title: `Spawn and join ${SIZE} tasks, with an ambient scope and without`,
  count: 1000,
  contenders: [
    { name: 'taskGroup', prepare: inTurn(spawnIn(core)) },
    { name: 'taskGroup, no ambient scope', prepare: inTurn(spawnIn(bare)), outside: true },
    { name: 'Promise.all in a scope', prepare: inTurn(all) },
    { name: 'Promise.all outside of any', prepare: inTurn(all), outside: true },
  ],
});

await contest({
  title: 'Await an async function, in a scope and outside of any',
  count: 200_000,
  contenders: [
    { name: 'in a scope', prepare: inTurn(work) },
    { name: 'outside of any', prepare: inTurn(work), outside: true },
  ],
});
