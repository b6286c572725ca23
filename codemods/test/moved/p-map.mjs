import pMap from 'p-map';
import { setTimeout as pause } from 'node:timers/promises';
import { concurrentMap } from '@ambit/core';

const concurrency = 2;
let busy = 0;
let most = 0;

async function size(name, index) {
  most = Math.max(most, (busy += 1));
  await pause(4 - index);
  busy -= 1;
  return `${index}${name}`;
}

console.log(await concurrentMap(['a', 'b', 'c'], size, { limit: 2 }), most);
console.log(await concurrentMap(new Set(['a', 'b', 'c']), size, { limit: Infinity }), most);
console.log(await concurrentMap(['a', 'b'], size, { limit: concurrency }));
console.log(await concurrentMap(['a', 'b'], size, { limit: Infinity }));
// ambit-codemods: left, because its items may be promises, which p-map waits for and concurrentMap does not
console.log(await pMap([Promise.resolve('p'), size('q', 1)], size));
try {
  // ambit-codemods: left, because concurrentMap has no option `stopOnError`
  await pMap([1, 2], () => Promise.reject(new Error('no')), { concurrency: 1, stopOnError: false });
} catch (error) {
  console.log(error.name);
}
