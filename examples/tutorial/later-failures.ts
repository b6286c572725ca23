// #region later-failures
import { gather, run, sleep, suppressedErrors } from '@ambit/core';

async function upload(): Promise<void> {
  try {
    await sleep(60_000);
  } finally {
    // eslint-disable-next-line no-unsafe-finally -- what is shown here
    throw new Error('the temporary file cannot be removed');
  }
}

async function check(): Promise<void> {
  await sleep(10);
  throw new Error('the checksum is wrong');
}

await run(async () => {
  try {
    await gather([upload, check]);
  } catch (error) {
    console.log(String(error));
    for (const later of suppressedErrors(error)) console.log(`- ${String(later)}`);
  }
});
// #endregion later-failures
