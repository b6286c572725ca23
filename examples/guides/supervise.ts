// #region supervise
import { getRunningLoop, run, sleep, supervise } from '@ambit/core';
import { VirtualLoop } from '@ambit/core/testing';

async function consume(attempt: number): Promise<string> {
  console.log(`attempt ${attempt} at ${getRunningLoop().now()} ms`);
  await sleep(20); // a connection that breaks twice
  if (attempt < 3) throw new Error('connection lost');
  return 'the queue is empty';
}

await run(
  async () => {
    const outcome = await supervise(consume, {
      delay: 100,
      jitter: 'none', // only so that this page has exact times
      maxRestarts: 5,
      within: 60_000,
    });
    console.log(outcome);
  },
  { loop: new VirtualLoop() },
);
// #endregion supervise
