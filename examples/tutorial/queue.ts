// #region queue
import { run, sleep } from '@ambit/core';
import { Queue } from '@ambit/sync';

const orders = new Queue<string>({ capacity: 2, name: 'orders' });

async function cook(name: string): Promise<void> {
  for await (const order of orders) {
    await sleep(5);
    console.log(`${name}: ${order}`);
    orders.taskDone();
  }
}

await run(async (group) => {
  group.spawn(() => cook('Ann'));
  group.spawn(() => cook('Bob'));
  for (const order of ['soup', 'salad', 'bread', 'tea']) await orders.put(order);
  await orders.join(); // until all are done
  orders.shutdown(); // ends the loops of the cooks
});
console.log('the kitchen is closed');
// #endregion queue
