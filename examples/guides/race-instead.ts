// #region race
import { race, run, sleep } from '@ambit/core';

async function mirror(name: string, ms: number): Promise<string> {
  try {
    return await sleep(ms, { value: name });
  } finally {
    console.log(`${name}: connection closed`);
  }
}

await run(async () => {
  console.log(await race([() => mirror('near', 10), () => mirror('far', 60_000)]));
});
// #endregion race
