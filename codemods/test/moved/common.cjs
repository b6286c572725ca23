'use strict';

const { concurrentMap, gather: ambitGather } = require('@ambit/core');
// ambit-codemods: left, because "E_CANCELED" is imported, for which there is no rule
const { E_CANCELED } = require('async-mutex');
const { Lock } = require('@ambit/sync');

const lock = new Lock();
const gather = 'taken';

async function main() {
  console.log(await concurrentMap([1, 2], async (x) => x + 1, { limit: 1 }));
  console.log(await lock.run(() => 'locked'), E_CANCELED.message, gather);
  console.log(await ambitGather([main.name].map((name) => async () => name)));
}

void main();
