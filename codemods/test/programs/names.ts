import { Mutex, Semaphore as Permits, type MutexInterface } from 'async-mutex';
import { sleep } from '@ambit/core';

class Store {
  private readonly mutex: Mutex = new Mutex();
  readonly shared = new Permits(1);

  async write(text: string): Promise<string> {
    const release = await this.mutex.acquire();
    try {
      await sleep(1);
      return text;
    } finally {
      release();
    }
  }
}

const Lock = 'a name that is taken';
const store = new Store();

async function main(): Promise<void> {
  console.log(await Promise.all(['a', 'b'].map(async (text: string) => store.write(text))), Lock);
  const outer: MutexInterface = store.shared as unknown as MutexInterface;
  console.log(outer.isLocked(), await Promise.all<string>([store.write('c')]));
}

void main();
