// #region test
import assert from 'node:assert/strict';
import { sleep } from '@ambit/core';
import { cancelEverywhere } from '@ambit/core/testing';
import { Semaphore } from '@ambit/sync';

async function transfer(connections: Semaphore): Promise<void> {
  using _connection = await connections.acquire();
  await sleep(5); // prepare it
  await sleep(5); // use it
}

const report = await cancelEverywhere(async (attempt) => {
  const connections = new Semaphore(1);
  await attempt(() => transfer(connections));
  assert.equal(connections.available, 1, 'a connection is lost');
});
console.log(report);
// #endregion test
