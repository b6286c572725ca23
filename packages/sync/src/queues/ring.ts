import type { Store } from './store.ts';

// A power of two, so that positions wrap by a mask.
const SMALLEST = 16;
// A larger ring is released when it is empty: a burst does not cost memory forever.
const LARGEST_KEPT = 1024;

/** First in, first out, in a circle that grows. */
export class Ring<T> implements Store<T> {
  #slots: (T | undefined)[] = [];
  #first = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(item: T): undefined {
    if (this.#size === this.#slots.length) this.#grow();
    this.#slots[(this.#first + this.#size) & (this.#slots.length - 1)] = item;
    this.#size += 1;
  }

  take(): T {
    const item = this.#slots[this.#first] as T;
    this.#slots[this.#first] = undefined;
    this.#first = (this.#first + 1) & (this.#slots.length - 1);
    this.#size -= 1;
    if (this.#size === 0 && this.#slots.length > LARGEST_KEPT) this.clear();
    return item;
  }

  clear(): void {
    this.#slots = [];
    this.#first = 0;
    this.#size = 0;
  }

  #grow(): void {
    const slots = new Array<T | undefined>(Math.max(SMALLEST, 2 * this.#size)).fill(undefined);
    for (let at = 0; at < this.#size; at += 1) {
      slots[at] = this.#slots[(this.#first + at) & (this.#slots.length - 1)];
    }
    this.#slots = slots;
    this.#first = 0;
  }
}
