// #region async-for
import { run, sleep } from '@ambit/core';

async function* ticker(delay: number, to: number): AsyncGenerator<number, void> {
  for (let i = 0; i < to; i += 1) {
    yield i;
    await sleep(delay);
  }
}

await run(async () => {
  for await (const i of ticker(5, 3)) {
    console.log(i);
  }
});
// #endregion async-for
