// #region cancel-in-test
import assert from 'node:assert/strict';
import { sleep } from '@ambit/core';
import { testRun } from '@ambit/core/testing';

await testRun(async (group) => {
  const log: string[] = [];
  const task = group.spawn(async () => {
    try {
      await sleep(10_000);
    } finally {
      log.push('cleaned up');
    }
  });
  await sleep(7000); // virtual: no time passes for you
  await task.stop();
  assert.deepEqual(log, ['cleaned up']);
  console.log('as it should be');
});
// #endregion cancel-in-test
