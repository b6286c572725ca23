// #region retry
import { retry, run, sleep } from '@ambit/core';

async function connect(attempt: number): Promise<string> {
  if (attempt === 1) await sleep(60_000); // no answer
  if (attempt === 2) throw new Error('refused');
  return `connected at attempt ${attempt}`;
}

await run(async () => {
  const connection = await retry(connect, {
    attempts: 5,
    timeout: 20,
    delay: 5,
    onRetry: (error, attempt) => console.log(`${attempt}: ${String(error)}`),
  });
  console.log(connection);
});
// #endregion retry
