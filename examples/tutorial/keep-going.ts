// #region keep-going
import { run, sleep, taskGroup, TaskGroupError } from '@ambit/core';

async function notify(who: string): Promise<void> {
  await sleep(10);
  if (who !== 'Bob') throw new Error(`${who} has no address`);
  console.log(`${who} knows`);
}

await run(async () => {
  try {
    await taskGroup(
      (group) => {
        for (const who of ['Ann', 'Bob', 'Cy']) group.spawn(() => notify(who), { name: who });
      },
      { onFailure: 'continue' },
    );
  } catch (error) {
    if (!(error instanceof TaskGroupError)) throw error;
    for (const failure of error.leaves()) console.log(String(failure));
  }
});
// #endregion keep-going
