// #region thread
import { gather, run } from '@ambit/core';
import { WorkerPool } from '@ambit/io';

const primes = new URL('./primes.worker.js', import.meta.url);

await run(async () => {
  await using pool = new WorkerPool({ size: 2 });
  const counts = await gather(
    [1000, 10_000].map((below) => () => pool.run<number>(primes, 'countPrimes', [below])),
  );
  console.log(counts);
});
// #endregion thread
