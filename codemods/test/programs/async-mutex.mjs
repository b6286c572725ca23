import { Mutex, Semaphore, withTimeout } from 'async-mutex';
import { setTimeout as pause } from 'node:timers/promises';

const log = [];

class Account {
  #mutex = new Mutex();
  #balance = 0;

  add(amount) {
    return this.#mutex.runExclusive(async () => {
      const before = this.#balance;
      await pause(1);
      return (this.#balance = before + amount);
    });
  }
}

const mutex = new Mutex();
const semaphore = new Semaphore(2);
const hurried = withTimeout(new Mutex(), 100);
const open = new Mutex();

async function hold(name) {
  const release = await mutex.acquire();
  try {
    log.push(`+${name} ${mutex.isLocked()}`);
    await pause(1);
  } finally {
    log.push(`-${name}`);
    release();
  }
}

async function permit(name) {
  const [, release] = await semaphore.acquire();
  log.push(`${name} ${semaphore.getValue()}`);
  await pause(1);
  release();
}

const account = new Account();
await Promise.all([account.add(1), account.add(2), account.add(3)]);
console.log(await account.add(0));
await Promise.all([hold('a'), hold('b')]);
await Promise.all([permit('c'), permit('d'), permit('e')]);
console.log(log, mutex.isLocked());
console.log(
  await semaphore.runExclusive(() => 'one'),
  await semaphore.runExclusive((value) => value),
);
console.log(await hurried.runExclusive(() => 'hurried'));
open.acquire().then((release) => release());
await open.waitForUnlock();
console.log(open.isLocked());
