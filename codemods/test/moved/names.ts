// ambit-codemods: left, because "MutexInterface" is imported, for which there is no rule
import { Semaphore as Permits, type MutexInterface } from 'async-mutex';
import { Lock as AmbitLock } from '@ambit/sync';
import { sleep, gather } from '@ambit/core';

class Store {
  private readonly mutex: AmbitLock = new AmbitLock();
  // ambit-codemods: left, because the field is not private, and other files can use it
  readonly shared = new Permits(1);

  async write(text: string): Promise<string> {
    const release = await this.mutex.acquire();
    try {
      await sleep(1);
      return text;
    } finally {
      release[Symbol.dispose]();
    }
  }
}

const Lock = 'a name that is taken';
const store = new Store();

async function main(): Promise<void> {
  console.log(await gather(['a', 'b'].map((text: string) => async () => store.write(text))), Lock);
  const outer: MutexInterface = store.shared as unknown as MutexInterface;
  // ambit-codemods: left, because Promise.all has types or spread arguments
  console.log(outer.isLocked(), await Promise.all<string>([store.write('c')]));
}

void main();
