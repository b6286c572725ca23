// #region after
import { gather, isCancelled, run, sleep } from '@ambit/core';

async function save(part: string, ms: number): Promise<void> {
  await sleep(ms);
  if (part === 'b') throw new Error('disk full');
  console.log(`${part} is written`);
}

await run(async () => {
  await gather([() => save('a', 30), () => save('b', 10)]).catch((error: unknown) => {
    if (isCancelled(error)) throw error;
    console.log(String(error));
  });
  console.log('tidy up');
});
// #endregion after
