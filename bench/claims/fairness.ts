// What the fairness law costs: that all code that goes on asks first whether this turn of the loop has used up its slice. Beside it a copy
// that never asks, and would freeze the process. Both are bundled from the sources, so that nothing else differs.
import { readFileSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { bundledCopy, FROM_SOURCES, instead } from '../bundled-copy.ts';
import { contest, inTurn } from '../contest.ts';
import type { Contender } from '../contest.ts';

const AT_ONCE = 100;
const LOOK = /(export function isDue\(\): boolean \{\n)[^}]*\}/;

const NEVER_DUE = instead(/[\\/]slice[.]ts$/, (path) => {
  const source = readFileSync(path, 'utf8');
  if (!LOOK.test(source)) throw new Error(`${path} has another isDue() than expected`);
  return source.replace(LOOK, '$1return false; }');
});

const fair = await bundledCopy(FROM_SOURCES);
const unfair = await bundledCopy({ ...FROM_SOURCES, plugins: [NEVER_DUE] });

// In a scope of its own copy, and in a callback of the host, as the code of a service is: on Node 20, what asks for the ambient scope is
// compiled again after the first turn of the loop, no matter what asked for that turn.
function wanted({ CancelScope, Lock }: typeof fair): Pick<Contender, 'prepare' | 'outside'> {
  const lock = new Lock();
  const job = inTurn(async () => {
    const held = await lock.acquire();
    held[Symbol.dispose]();
  });
  return {
    outside: true,
    prepare: (count) => () =>
      new CancelScope().run(async () => {
        await nextTurn();
        await Promise.all(Array.from({ length: AT_ONCE }, job(count / AT_ONCE)));
      }),
  };
}

const UNFAIR = 'a copy that never asks';

await contest({
  title: `The fairness law: acquire and release a lock that ${AT_ONCE} want`,
  count: 200_000,
  passes: 12,
  contenders: [
    { name: 'Lock', ...wanted(fair) },
    { name: UNFAIR, ...wanted(unfair) },
  ],
  aims: [{ against: UNFAIR, atMost: 1.03 }],
});
