// Prices, broadcast to all who want them. Nobody waits for a slow subscriber, and memory stays bounded.
//
//   node examples/dist/broadcast.js
//
// Each subscriber may be three prices behind. Who is further behind loses the oldest, and is told how many by
// a LaggedError; the subscription goes on after it.
import { run, sleep } from '@ambit/core';
import { Broadcast, Event, LaggedError } from '@ambit/sync';

const prices = new Broadcast<number>({ capacity: 3, onLag: 'error', name: 'prices' });
const lunchIsOver = new Event({ name: 'lunch' });

await run(async (group) => {
  group.spawn(ticker);
  group.spawn(trader);

  for (let price = 101; price <= 108; price += 1) {
    await prices.publish(price);
    await sleep(5);
  }
  lunchIsOver.set();
  prices.close(); // the subscribers take what is left, and end
});

/** Shows every price. */
async function ticker(): Promise<void> {
  const shown: number[] = [];
  using subscription = prices.subscribe();
  for await (const price of subscription) shown.push(price);
  console.log(`ticker: ${shown.join(' ')}`);
}

/** Looks at a price, goes to lunch, and comes back to what is left. */
async function trader(): Promise<void> {
  using subscription = prices.subscribe();
  for (;;) {
    try {
      for await (const price of subscription) {
        console.log(`trader: ${price}`);
        await lunchIsOver.wait();
      }
      return;
    } catch (error) {
      if (!(error instanceof LaggedError)) throw error;
      console.log(`trader: missed ${error.missed}`);
    }
  }
}
