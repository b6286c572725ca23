// What a record of all waits costs a program while it is made, and what is left of that afterwards: nothing.
import { recordTrace } from '@ambit/core/inspect';
import { Lock } from '@ambit/sync';
import { contest, inTurn } from '../contest.ts';

const AT_ONCE = 100;
const lock = new Lock();

async function withLock(): Promise<void> {
  const held = await lock.acquire();
  held[Symbol.dispose]();
}

function waiting(count: number): Promise<unknown> {
  return Promise.all(Array.from({ length: AT_ONCE }, inTurn(withLock)(count / AT_ONCE)));
}

await contest({
  title: `Acquire a lock that ${AT_ONCE} want, while a trace is recorded`,
  count: 200_000,
  contenders: [
    {
      name: 'recorded',
      prepare: (count) => async () => {
        const recorder = recordTrace();
        await waiting(count);
        recorder[Symbol.dispose]();
      },
    },
    { name: 'not recorded', prepare: (count) => () => waiting(count) },
    {
      name: 'after a record',
      prepare: (count) => {
        recordTrace()[Symbol.dispose]();
        return () => waiting(count);
      },
    },
  ],
  aims: [
    { against: 'not recorded', atMost: 2.2 },
    { against: 'after a record', atMost: 2.2 },
  ],
});
