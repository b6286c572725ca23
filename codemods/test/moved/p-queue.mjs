import PQueue from 'p-queue';
import { setTimeout as pause } from 'node:timers/promises';
import { TaskGroup, gather } from '@ambit/core';
import { Semaphore } from '@ambit/sync';

const log = [];
let busy = 0;
let most = 0;

async function job(name) {
  log.push(name);
  most = Math.max(most, (busy += 1));
  await pause(2);
  busy -= 1;
  return name;
}

async function fill(names) {
  const queue = new TaskGroup({ limit: 2 });
  for (const name of names) {
    void queue.spawn(() => job(name));
  }
  await queue.join();
  return log.splice(0).join(' ');
}

const line = new Semaphore(1);
// ambit-codemods: left, because there is no option `interval` of a Semaphore or a group
const rated = new PQueue({ concurrency: 1, interval: 5, intervalCap: 1 });
// ambit-codemods: left, because `onIdle` is not awaited once, where the queue is made; use a TaskGroup with a limit
const loose = new PQueue({ concurrency: 1 });

console.log(await fill(['a', 'b', 'c']), most);
console.log(await gather([() => line.run(() => job('d')), () => line.run(() => job('e'))]), line.statistics().waiting);
console.log(log.splice(0).join(' '));
console.log(await rated.add(() => job('f')));
loose.add(() => job('g'));
await loose.onIdle();
console.log(log.join(' '));
