// #region gather
import { gather, run, sleep } from '@ambit/core';

await run(async () => {
  const { user, orders } = await gather({
    user: () => sleep(20, { value: 'Ann' }), // a request
    orders: () => sleep(10, { value: ['tea', 'milk'] }),
  });
  console.log(`${user}: ${orders.join(', ')}`);
});
// #endregion gather
