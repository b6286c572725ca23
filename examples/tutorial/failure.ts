// #region failure
import { run, sleep, taskGroup } from '@ambit/core';

async function download(file: string, ms: number): Promise<void> {
  try {
    await sleep(ms);
    if (file === 'b.zip') throw new Error('b.zip: connection reset');
    console.log(`${file}: here`);
  } finally {
    console.log(`${file}: closed`);
  }
}

await run(async () => {
  try {
    await taskGroup((group) => {
      group.spawn(() => download('a.zip', 10));
      group.spawn(() => download('b.zip', 20));
      group.spawn(() => download('c.zip', 60_000));
    });
  } catch (error) {
    console.log(String(error));
  }
});
// #endregion failure
