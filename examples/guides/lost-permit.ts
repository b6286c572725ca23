// #region transfer
import { sleep } from '@ambit/core';
import { Semaphore } from '@ambit/sync';

async function transfer(connections: Semaphore): Promise<void> {
  const connection = await connections.acquire();
  await sleep(5); // prepare it
  try {
    await sleep(5); // use it
  } finally {
    connection[Symbol.dispose]();
  }
}
// #endregion transfer

// #region test
import assert from 'node:assert/strict';
import { cancelEverywhere } from '@ambit/core/testing';

const failure = await cancelEverywhere(async (attempt) => {
  const connections = new Semaphore(1);
  await attempt(() => transfer(connections));
  assert.equal(connections.available, 1, 'a connection is lost');
}).then(() => 'no failure', String);

const [first, ...rest] = failure.split('\n');
console.log(first);
console.log(rest.at(-1));
// #endregion test
