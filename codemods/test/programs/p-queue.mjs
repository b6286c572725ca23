import PQueue from 'p-queue';
import { setTimeout as pause } from 'node:timers/promises';

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
  const queue = new PQueue({ concurrency: 2 });
  for (const name of names) {
    void queue.add(() => job(name));
  }
  await queue.onIdle();
  return log.splice(0).join(' ');
}

const line = new PQueue({ concurrency: 1 });
const rated = new PQueue({ concurrency: 1, interval: 5, intervalCap: 1 });
const loose = new PQueue({ concurrency: 1 });

console.log(await fill(['a', 'b', 'c']), most);
console.log(await Promise.all([line.add(() => job('d')), line.add(() => job('e'))]), line.size);
console.log(log.splice(0).join(' '));
console.log(await rated.add(() => job('f')));
loose.add(() => job('g'));
await loose.onIdle();
console.log(log.join(' '));
