// #region endless-source
import { concurrentForEach, run, sleep } from '@ambit/core';

function* numbers(): Generator<number, void> {
  try {
    for (let number = 1; ; number += 1) {
      console.log(`here is ${number}`);
      yield number;
    }
  } finally {
    console.log('the source is closed');
  }
}

await run(async () => {
  try {
    await concurrentForEach(
      numbers(),
      async (number) => {
        await sleep(number === 3 ? 10 : 100 * number);
        if (number === 3) throw new Error('three is enough');
      },
      { limit: 2 },
    );
  } catch (error) {
    console.log(String(error));
  }
});
// #endregion endless-source
