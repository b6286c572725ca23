// #region hedging
import { any, run, sleep } from '@ambit/core';

async function ask(server: string, ms: number): Promise<string> {
  console.log(`asking ${server}`);
  try {
    return await sleep(ms, { value: `${server} has answered` });
  } finally {
    console.log(`done with ${server}`);
  }
}

await run(async () => {
  const answer = await any(
    [() => ask('near', 60_000), () => ask('far', 20), () => ask('spare', 5)],
    {
      stagger: 50,
    },
  );
  console.log(answer);
});
// #endregion hedging
