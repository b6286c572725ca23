import { checkAnswer } from '@ambit/core/lowlevel';
import type { Putter, Store } from './store.ts';

/** Returns a number below 0 if the first item comes out first, above 0 if the second does, as for `Array.sort`. */
export type Compare<T> = (a: T, b: T) => number;

interface Entry<T> {
  readonly item: T;
  /** Among equals the one that came in first comes out first. */
  readonly order: number;
}

/**
 * A binary heap, stable among equals. The path of an entry is found first and followed
 * afterwards, so that a comparison that throws leaves everything as it was.
 */
export class Heap<T> implements Store<T> {
  readonly #compare: Compare<T>;
  #entries: Entry<T>[] = [];
  #orders = 0;

  constructor(compare: Compare<T>) {
    this.#compare = compare;
  }

  get size(): number {
    return this.#entries.length;
  }

  push(item: T, putter?: Putter): boolean {
    const entry: Entry<T> = { item, order: this.#orders };
    const entries = this.#entries;
    const bottom = entries.length;
    let slot = bottom;
    while (slot > 0 && this.#isBefore(entry, this.#at(above(slot)))) slot = above(slot);
    // The comparisons may have cancelled the caller, and from here on nothing can fail.
    if (putter?.wake() === false) return false;
    this.#orders += 1;
    let from = bottom;
    while (from !== slot) {
      entries[from] = this.#at(above(from));
      from = above(from);
    }
    entries[slot] = entry;
    return true;
  }

  take(): T {
    const entries = this.#entries;
    const first = this.#at(0);
    const bottom = entries.length - 1;
    const moved = this.#at(bottom);
    const slot = this.#wayDown(moved, bottom);
    entries.pop();
    if (bottom > 0) this.#shift(moved, slot);
    return first.item;
  }

  clear(): void {
    this.#entries = [];
  }

  /** Where an entry ends up that sinks from the top of the first `size` entries. */
  #wayDown(entry: Entry<T>, size: number): number {
    let slot = 0;
    for (;;) {
      let child = 2 * slot + 1;
      if (child >= size) return slot;
      if (child + 1 < size && this.#isBefore(this.#at(child + 1), this.#at(child))) child += 1;
      if (this.#isBefore(entry, this.#at(child))) return slot;
      slot = child;
    }
  }

  /** Puts the entry into the slot, and moves the entries there and above one step up; the top falls out. */
  #shift(entry: Entry<T>, bottom: number): void {
    let carried = entry;
    for (let slot = bottom; ; slot = above(slot)) {
      const displaced = this.#at(slot);
      this.#entries[slot] = carried;
      if (slot === 0) return;
      carried = displaced;
    }
  }

  #isBefore(a: Entry<T>, b: Entry<T>): boolean {
    const order: unknown = this.#compare(a.item, b.item);
    if (typeof order === 'object') checkAnswer('PriorityQueue', 'compare', order);
    // As Array.sort, which takes what is no number for 0.
    return (order as number) < 0 || (!((order as number) > 0) && a.order < b.order);
  }

  #at(slot: number): Entry<T> {
    return this.#entries[slot] as Entry<T>;
  }
}

function above(slot: number): number {
  return (slot - 1) >> 1;
}
