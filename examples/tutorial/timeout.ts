// #region timeout
import { moveOnAfter, run, sleep, timeout, TimeoutError } from '@ambit/core';

async function query(): Promise<string> {
  try {
    return await sleep(60_000, { value: 'rows' });
  } finally {
    console.log('the query has been cancelled');
  }
}

await run(async () => {
  try {
    await timeout(50, query);
  } catch (error) {
    if (!(error instanceof TimeoutError)) throw error;
    console.log(error.message);
  }
  const rows = await moveOnAfter(50, query);
  console.log(rows ?? 'go on without');
});
// #endregion timeout
