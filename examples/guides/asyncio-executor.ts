// #region executor
import { run } from '@ambit/core';
import { toThread } from '@ambit/io';

const sums = new URL('./asyncio-executor.worker.js', import.meta.url);

await run(async () => {
  const result = await toThread<number>(sums, 'cpuBound', 10_000);
  console.log(result);
});
// #endregion executor
