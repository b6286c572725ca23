// ambit-codemods: left, because "withTimeout" is imported, for which there is no rule
import { Mutex, Semaphore, withTimeout } from 'async-mutex';
import { setTimeout as pause } from 'node:timers/promises';
import { Lock } from '@ambit/sync';
import { gather } from '@ambit/core';

const log = [];

class Account {
  #mutex = new Lock();
  #balance = 0;

  add(amount) {
    return this.#mutex.run(async () => {
      const before = this.#balance;
      await pause(1);
      return (this.#balance = before + amount);
    });
  }
}

const mutex = new Lock();
// ambit-codemods: left, because a function of `runExclusive` may take the value of the semaphore
const semaphore = new Semaphore(2);
// ambit-codemods: left, because it is not kept in a constant or a private field of this file
const hurried = withTimeout(new Mutex(), 100);
// ambit-codemods: left, because the result of `acquire` is not kept in a constant
const open = new Mutex();

async function hold(name) {
  const release = await mutex.acquire();
  try {
    log.push(`+${name} ${mutex.locked}`);
    await pause(1);
  } finally {
    log.push(`-${name}`);
    release[Symbol.dispose]();
  }
}

async function permit(name) {
  const [, release] = await semaphore.acquire();
  log.push(`${name} ${semaphore.getValue()}`);
  await pause(1);
  release();
}

const account = new Account();
await gather([() => account.add(1), () => account.add(2), () => account.add(3)]);
console.log(await account.add(0));
await gather([() => hold('a'), () => hold('b')]);
await gather([() => permit('c'), () => permit('d'), () => permit('e')]);
console.log(log, mutex.locked);
console.log(
  await semaphore.runExclusive(() => 'one'),
  await semaphore.runExclusive((value) => value),
);
console.log(await hurried.runExclusive(() => 'hurried'));
open.acquire().then((release) => release());
await open.waitForUnlock();
console.log(open.isLocked());
