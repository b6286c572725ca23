// #region function
import { sleep, timeout } from '@ambit/core';

async function poll(ask: () => Promise<string | undefined>): Promise<string> {
  return timeout(60_000, async () => {
    for (;;) {
      const answer = await ask();
      if (answer !== undefined) return answer;
      await sleep(5000);
    }
  });
}
// #endregion function

// #region test
import assert from 'node:assert/strict';
import { getRunningLoop, TimeoutError } from '@ambit/core';
import { testRun } from '@ambit/core/testing';

await testRun(async () => {
  const answers = [undefined, undefined, 'yes'];
  assert.equal(await poll(() => Promise.resolve(answers.shift())), 'yes');
  console.log(`answered after ${getRunningLoop().now()} ms`);
});

await testRun(async () => {
  await assert.rejects(
    poll(() => Promise.resolve(undefined)),
    TimeoutError,
  );
  console.log(`given up after ${getRunningLoop().now()} ms`);
});
// #endregion test
