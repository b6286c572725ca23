// #region task-tree
import { formatTaskTree, run, sleep, taskGroup, timeout } from '@ambit/core';
import { VirtualLoop } from '@ambit/core/testing';
import { Lock } from '@ambit/sync';

const database = new Lock({ name: 'database' });

await run(
  (group) => {
    group.spawn(() => database.run(() => sleep(5000)), { name: 'backup' });
    group.spawn(
      () =>
        taskGroup(
          async (orders) => {
            orders.spawn(() => timeout(60_000, () => database.run(() => 'ordered')), {
              name: 'order 17',
            });
            await sleep(1500);
            console.log(formatTaskTree());
          },
          { name: 'orders' },
        ),
      { name: 'shop' },
    );
  },
  { loop: new VirtualLoop() },
);
// #endregion task-tree
