import pLimit from 'p-limit';
import { setTimeout as pause } from 'node:timers/promises';
import { Semaphore } from '@ambit/sync';
import { gather } from '@ambit/core';

const limit = new Semaphore(2);
const pair = new Semaphore(1);
// ambit-codemods: left, because "shared" is given away in `through(…)`, where it is used in the old way
const shared = pLimit(1);
// ambit-codemods: left, because the arguments of `late(…)` would be evaluated later
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

console.log(await gather(['a', 'b', 'c', 'd'].map((name) => () => limit.run(() => work(name)))), most);
const first = limit.run(() => work('e'));
const second = limit.run(() => work('f'));
const third = limit.run(() => work('g'));
await Promise.resolve();
console.log(limit.statistics().borrowed, limit.statistics().waiting);
// ambit-codemods: left, because some promises of Promise.all have begun elsewhere, or are values
console.log(await Promise.all([first, second, third]));
limit.resize(1);
most = 0;
console.log(await gather([() => limit.run(() => work('h')), () => limit.run(() => work('i'))]), most);
console.log(await pair.run(() => work('j')));
console.log(await through(shared));
console.log(await late(work, (turn += 1)));

function through(limiter) {
  return limiter(() => work('k'));
}
