// #region deadlock
import { gather, run, sleep } from '@ambit/core';
import { VirtualLoop } from '@ambit/core/testing';
import { Lock } from '@ambit/sync';

const [left, right] = [new Lock({ name: 'left fork' }), new Lock({ name: 'right fork' })];

async function eat(first: Lock, second: Lock): Promise<void> {
  await first.run(async () => {
    await sleep(5);
    await second.run(() => console.log('a meal'));
  });
}

await run(
  () =>
    gather({
      Plato: () => eat(left, right),
      Kant: () => eat(right, left),
    }),
  { loop: new VirtualLoop() },
);
// #endregion deadlock
