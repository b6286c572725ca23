// #region rate-limit
import { concurrentForEach, getRunningLoop, run } from '@ambit/core';
import { VirtualLoop } from '@ambit/core/testing';
import { RateLimiter } from '@ambit/sync';

const api = new RateLimiter({ permits: 2, per: 1000 });

await run(
  () =>
    concurrentForEach(
      ['a', 'b', 'c', 'd', 'e'],
      async (item) => {
        await api.acquire();
        console.log(`${item} at ${getRunningLoop().now()} ms`);
      },
      { limit: 3 },
    ),
  { loop: new VirtualLoop() },
);
// #endregion rate-limit
