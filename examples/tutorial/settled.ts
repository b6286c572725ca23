// #region settled
import { gatherSettled, run, sleep } from '@ambit/core';

await run(async () => {
  const outcomes = await gatherSettled({
    north: () => sleep(10, { value: '12 °C' }),
    south: () => Promise.reject(new Error('no signal')),
  });
  console.log(outcomes.north.status, outcomes.south.status);
});
// #endregion settled
