// #region queue
import { run, sleep } from '@ambit/core';
import { Queue } from '@ambit/sync';

const orders = new Queue<string>({ capacity: 2, name: 'orders' });

const ready: string[] = [];

async function cook(): Promise<void> {
  for await (const order of orders) {
    await sleep(5);
    ready.push(order);
    orders.taskDone();
  }
}

await run(async (group) => {
  group.spawn(cook, { name: 'Ann' });
  group.spawn(cook, { name: 'Bob' });
  for (const order of ['soup', 'salad', 'bread', 'tea']) await orders.put(order);
  await orders.join(); // until all are done
  console.log(`${ready.length} dishes are ready: ${ready.sort().join(', ')}`);
  orders.shutdown(); // ends the loops of the cooks
});
console.log('the kitchen is closed');
// #endregion queue
