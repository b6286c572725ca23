// #region p-limit
import { run, sleep } from '@ambit/core';
import { Semaphore } from '@ambit/sync';

const limit = new Semaphore(2);

async function thumbnail(photo: string): Promise<string> {
  await sleep(5);
  return `${photo}.small`;
}

await run(async () => {
  const photos = ['a', 'b', 'c'];
  const small = await Promise.all(photos.map((photo) => limit.run(() => thumbnail(photo))));
  console.log(small.join(' '));
});
// #endregion p-limit
