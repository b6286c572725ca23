import type { CancelScope } from '../scope/cancel-scope.ts';
import { shielded } from '../tasks/shielded.ts';
import { isAsyncIterable, isWebStream } from './any-source.ts';
import { Source } from './source.ts';

export interface Pulled<T> {
  readonly item: T;
  readonly index: number;
}

/** A source that several workers take items from. */
export interface Items<T> {
  /** Whether asking now makes sense: there may be more, and no call waits for an item yet. */
  readonly canPull: boolean;
  /** The next item; undefined: there are no more. */
  pull(): Pulled<T> | undefined | Promise<Pulled<T> | undefined>;
  /** There is no new work: the source is not asked again, and closed. Not where the items are given already. */
  finish?(): Promise<void>;
  /** After a failure: the source will not be asked again. */
  close(): Promise<void>;
}

/** `scope`: the one that an async source runs in. */
export function itemsOf<T>(source: Iterable<T> | AsyncIterable<T>, scope: CancelScope): Items<T> {
  if (isAsyncIterable(source) || isWebStream(source)) {
    return new AsyncItems(source as AsyncIterable<T>, scope);
  }
  return new SyncItems(source);
}

/** Without a promise for each item. */
class SyncItems<T> implements Items<T> {
  readonly #iterator: Iterator<T>;
  #count = 0;
  #isDone = false;

  constructor(source: Iterable<T>) {
    this.#iterator = source[Symbol.iterator]();
  }

  get canPull(): boolean {
    return !this.#isDone;
  }

  pull(): Pulled<T> | undefined {
    if (this.#isDone) return undefined;
    // Also if it throws.
    this.#isDone = true;
    const result = this.#iterator.next();
    if (result.done === true) return undefined;
    this.#isDone = false;
    this.#count += 1;
    return { item: result.value, index: this.#count - 1 };
  }

  async close(): Promise<void> {
    if (this.#isDone) return;
    this.#isDone = true;
    await shielded(() => this.#iterator.return?.());
  }
}

class AsyncItems<T> implements Items<T> {
  readonly #source: Source<T>;
  #count = 0;
  #isDone = false;
  /** How many wait for an item. */
  #pulls = 0;
  #turn: Promise<unknown> = Promise.resolve();
  #isFinished = false;

  constructor(source: AsyncIterable<T>, scope: CancelScope) {
    this.#source = new Source(() => source, scope);
  }

  get canPull(): boolean {
    return !this.#isDone && this.#pulls === 0;
  }

  pull(): Promise<Pulled<T> | undefined> {
    this.#pulls += 1;
    // Not every iterator can be asked twice at a time.
    const pulled = this.#turn.then(() => this.#pull());
    this.#turn = pulled.catch(() => undefined);
    return pulled;
  }

  async #pull(): Promise<Pulled<T> | undefined> {
    try {
      if (this.#isDone) return undefined;
      // Also if it throws.
      this.#isDone = true;
      const found = await this.#source.pull();
      if (found === undefined) return undefined;
      this.#isDone = this.#isFinished;
      this.#count += 1;
      return { item: found.value, index: this.#count - 1 };
    } finally {
      this.#pulls -= 1;
    }
  }

  finish(): Promise<void> {
    this.#isDone = true;
    this.#isFinished = true;
    return this.#source.finish();
  }

  close(): Promise<void> {
    this.#isDone = true;
    return this.#source.close();
  }
}
