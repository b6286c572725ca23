// #region first-group
import { run, sleep, taskGroup } from '@ambit/core';

async function boil(what: string, ms: number): Promise<string> {
  console.log(`${what}: on the stove`);
  await sleep(ms);
  console.log(`${what}: ready`);
  return what;
}

await run(async () => {
  const meal = await taskGroup(async (group) => {
    const rice = group.spawn(() => boil('rice', 30));
    const beans = group.spawn(() => boil('beans', 15));
    return `${await rice} and ${await beans}`;
  });
  console.log(meal);
});
// #endregion first-group
