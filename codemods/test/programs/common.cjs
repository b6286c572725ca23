'use strict';

const pMap = require('p-map').default;
const { Mutex, E_CANCELED } = require('async-mutex');

const lock = new Mutex();
const gather = 'taken';

async function main() {
  console.log(await pMap([1, 2], async (x) => x + 1, { concurrency: 1 }));
  console.log(await lock.runExclusive(() => 'locked'), E_CANCELED.message, gather);
  console.log(await Promise.all([main.name].map(async (name) => name)));
}

void main();
