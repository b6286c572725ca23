// A cache that loads each of its entries once, even if many callers ask for it at the same time.
//
//   npm run example -- keyed-cache
//
// There is one lock for each key. A caller that comes while an entry is being loaded waits for that entry only. If the caller that
// loads it fails or is cancelled, the lock goes to the next one in line, which finds no entry and loads it. No caller hangs, and no
// caller gets the cancellation of another one.
//
// (`memoize` of the same package does this, with a size and a time to live.)
import { gather, moveOnAfter, run, sleep, sleepForever } from '@ambit/core';
import { Event, KeyedLock } from '@ambit/sync';

class Cache<V> {
  readonly #entries = new Map<string, V>();
  readonly #locks = new KeyedLock<string>({ name: 'cache' });
  readonly #load: (key: string) => Promise<V>;

  constructor(load: (key: string) => Promise<V>) {
    this.#load = load;
  }

  async get(key: string): Promise<V> {
    const known = this.#entries.get(key);
    if (known !== undefined) return known;
    return this.#locks.run(key, async () => {
      // Another caller may have loaded it while this one waited for the lock.
      const loaded = this.#entries.get(key) ?? (await this.#load(key));
      this.#entries.set(key, loaded);
      return loaded;
    });
  }

  /** How many entries are being loaded. */
  get loading(): number {
    return this.#locks.size;
  }
}

const everybodyAsked = new Event();
let asksForCarol = 0;

const users = new Cache(async (key) => {
  console.log(`loading ${key}`);
  await everybodyAsked.wait();
  if (key === 'carol') {
    asksForCarol += 1;
    if (asksForCarol === 1) await sleepForever(); // the first request is never answered
  }
  return key.toUpperCase();
});

await run(async () => {
  const names = await gather([
    () => users.get('alice'),
    () => users.get('bob'),
    () => users.get('alice'),
    () => users.get('bob'),
    () => users.get('alice'),
    async () => {
      await sleep(20);
      console.log(`${users.loading} are being loaded, for 5 who ask`);
      everybodyAsked.set();
    },
  ]);
  console.log(names.slice(0, 5).join(', '));

  const [hasty, patient] = await gather([
    () => moveOnAfter(50, () => users.get('carol')),
    () => users.get('carol'),
  ]);
  console.log(`the hasty one has ${hasty ?? 'nothing'}, the patient one ${patient}`);
  console.log(`${users.loading} locks are left`);
});
