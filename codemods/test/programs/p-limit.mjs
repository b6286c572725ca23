import pLimit from 'p-limit';
import { setTimeout as pause } from 'node:timers/promises';

const limit = pLimit(2);
const pair = pLimit({ concurrency: 1 });
const shared = pLimit(1);
const late = pLimit(1);
let busy = 0;
let most = 0;
let turn = 0;

async function work(name) {
  most = Math.max(most, (busy += 1));
  await pause(2);
  busy -= 1;
  return `${name} done`;
}

console.log(await Promise.all(['a', 'b', 'c', 'd'].map((name) => limit(() => work(name)))), most);
const first = limit(work, 'e');
const second = limit(work, 'f');
const third = limit(work, 'g');
await Promise.resolve();
console.log(limit.activeCount, limit.pendingCount);
console.log(await Promise.all([first, second, third]));
limit.concurrency = 1;
most = 0;
console.log(await Promise.all([limit(work, 'h'), limit(work, 'i')]), most);
console.log(await pair(work, 'j'));
console.log(await through(shared));
console.log(await late(work, (turn += 1)));

function through(limiter) {
  return limiter(() => work('k'));
}
