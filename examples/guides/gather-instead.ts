// #region after
import { gather, sleep } from '@ambit/core';

async function save(part: string, ms: number): Promise<void> {
  await sleep(ms);
  if (part === 'b') throw new Error('disk full');
  console.log(`${part} is written`);
}

try {
  await gather([() => save('a', 200), () => save('b', 10)]);
} catch (error) {
  console.log(String(error));
}
console.log('clean up');
// #endregion after
