// #region concurrent-map
import { concurrentMap, run, sleep } from '@ambit/core';

let busy = 0;
let most = 0;

async function sizeOf(file: string): Promise<number> {
  most = Math.max(most, (busy += 1));
  await sleep(5);
  busy -= 1;
  return file.length;
}

await run(async () => {
  const files = ['a', 'bb', 'ccc', 'dddd', 'eeeee'];
  console.log(await concurrentMap(files, sizeOf, { limit: 2 }));
  console.log(`at most ${most} at a time`);
});
// #endregion concurrent-map
