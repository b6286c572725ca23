// Broadcasts prices to several subscribers. A slow subscriber does not hold up the others, and memory stays bounded.
//
//   npm run example -- broadcast
//
// Each subscriber may be three prices behind. A subscriber that is further behind loses the oldest prices and gets a LaggedError
// with their number. The subscription continues after it.
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
  prices.close(); // the subscribers take the remaining prices and end
});

/** Shows every price. */
async function ticker(): Promise<void> {
  const shown: number[] = [];
  using subscription = prices.subscribe();
  for await (const price of subscription) shown.push(price);
  console.log(`ticker: ${shown.join(' ')}`);
}

/** Reads one price, pauses, and then reads the prices that are left. */
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
