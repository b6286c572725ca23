// Whether what there is a lot of costs more, each: a million tasks, and scopes one in the other.
import { CancelScope, taskGroup } from '@ambit/core';
import { contest } from '../contest.ts';
import type { Contender } from '../contest.ts';

async function work(): Promise<number> {
  await Promise.resolve();
  return 1;
}

function inGroupsOf(size: number): Contender {
  return {
    name: `${size.toLocaleString('en')} at a time`,
    prepare: (count) => async () => {
      for (let done = 0; done < count; done += size) {
        await taskGroup((group) => {
          for (let at = 0; at < size; at += 1) group.spawn(work);
        });
      }
    },
  };
}

await contest({
  title: 'Spawn and join ever more tasks',
  count: 1_000_000,
  contenders: [1_000_000, 100_000, 10_000, 1000].map(inGroupsOf),
  aims: [{ against: '10,000 at a time', atMost: 1.5 }],
});

function inDepths(depth: number): Contender {
  return {
    name: `${depth.toLocaleString('en')} deep`,
    prepare: (count) => async () => {
      for (let done = 0; done < count; done += depth) await cancelFromOutside(depth);
    },
  };
}

/** Scopes one in the other, and the outermost cancelled. */
async function cancelFromOutside(depth: number): Promise<void> {
  const outermost = new CancelScope();
  let parent = outermost;
  for (let at = 1; at < depth; at += 1) {
    parent = new CancelScope({ parent });
    parent.onCancel(() => undefined);
  }
  await outermost.run(() => {
    outermost.cancel();
  });
}

await contest({
  title: 'Cancel scopes, one in the other',
  count: 100_000,
  contenders: [10_000, 1000, 100].map(inDepths),
  aims: [{ against: '100 deep', atMost: 2 }],
});
