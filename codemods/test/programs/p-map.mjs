import pMap from 'p-map';
import { setTimeout as pause } from 'node:timers/promises';

const concurrency = 2;
let busy = 0;
let most = 0;

async function size(name, index) {
  most = Math.max(most, (busy += 1));
  await pause(4 - index);
  busy -= 1;
  return `${index}${name}`;
}

console.log(await pMap(['a', 'b', 'c'], size, { concurrency: 2 }), most);
console.log(await pMap(new Set(['a', 'b', 'c']), size), most);
console.log(await pMap(['a', 'b'], size, { concurrency }));
console.log(await pMap(['a', 'b'], size, {}));
console.log(await pMap([Promise.resolve('p'), size('q', 1)], size));
try {
  await pMap([1, 2], () => Promise.reject(new Error('no')), { concurrency: 1, stopOnError: false });
} catch (error) {
  console.log(error.name);
}
