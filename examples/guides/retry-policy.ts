// #region retry-policy
import { getRunningLoop, retry, run, timeout } from '@ambit/core';
import { VirtualLoop } from '@ambit/core/testing';

class Unavailable extends Error {}

let calls = 0;

function order(): Promise<string> {
  calls += 1;
  console.log(`call ${calls} at ${getRunningLoop().now()} ms`);
  return calls < 4 ? Promise.reject(new Unavailable('503')) : Promise.resolve('ordered');
}

await run(
  async () => {
    const answer = await timeout(10_000, () =>
      retry(order, {
        attempts: 6,
        delay: 100,
        factor: 3,
        jitter: 'none', // only so that this page has exact times
        when: (error) => error instanceof Unavailable,
      }),
    );
    console.log(answer);
  },
  { loop: new VirtualLoop() },
);
// #endregion retry-policy
