import type { Ready } from '../internal/item-source.ts';

/** An item with its number; the last entry has none yet: the next item goes there. */
interface Entry<T> {
  readonly number: number;
  item: T | undefined;
  next: Entry<T> | undefined;
  /** How many cursors are here: their next item is this one. */
  cursors: number;
}

/** How far a subscriber has come. */
export interface Cursor<T> {
  entry: Entry<T>;
}

/**
 * The items that some subscriber has not read yet: a chain from the entry of the slowest cursor, or the
 * first one to be replayed, to the empty entry at its end. Nothing refers to older entries, so they are
 * collected. A cursor that is overrun (more than `capacity` behind) counts as being at the slowest entry
 * from then on; it sees that by the numbers when it reads.
 */
export class BroadcastLog<T> {
  readonly #capacity: number;
  readonly #replay: number;
  #end: Entry<T> = { number: 0, item: undefined, next: undefined, cursors: 0 };
  /** The entry of the slowest cursor; the end if there is no cursor. */
  #slowest: Entry<T> = this.#end;
  #replayed: Entry<T> = this.#end;
  #peak = 0;

  /** `replay` is at most `capacity`: no new cursor is overrun at once. */
  constructor(capacity: number, replay: number) {
    this.#capacity = capacity;
    this.#replay = replay;
  }

  /** How far behind the slowest is. */
  get size(): number {
    return this.#end.number - this.#slowest.number;
  }

  /** The farthest behind that the slowest ever was. */
  get peak(): number {
    return this.#peak;
  }

  /** Whether one more item overruns no cursor. */
  get hasRoom(): boolean {
    return this.size < this.#capacity;
  }

  append(item: T): void {
    const entry = this.#end;
    const end = { number: entry.number + 1, item: undefined, next: undefined, cursors: 0 };
    entry.item = item;
    entry.next = end;
    this.#end = end;
    if (end.number - this.#replayed.number > this.#replay) {
      this.#replayed = this.#replayed.next as Entry<T>;
    }
    this.#catchUp();
    if (this.size > this.#capacity) this.#overrun();
    if (this.size > this.#peak) this.#peak = this.size;
  }

  /** A new subscriber. */
  open(): Cursor<T> {
    const entry = this.#replayed;
    entry.cursors += 1;
    if (entry.number < this.#slowest.number) this.#slowest = entry;
    return { entry };
  }

  /** How many items the cursor has missed; it goes on with the oldest item left. */
  missed(cursor: Cursor<T>): number {
    const count = this.#slowest.number - cursor.entry.number;
    if (count <= 0) return 0;
    cursor.entry = this.#slowest;
    return count;
  }

  /** The next item for a cursor that has missed nothing; it stays where it is. */
  peek(cursor: Cursor<T>): Ready<T> | undefined {
    const { entry } = cursor;
    return entry.next === undefined ? undefined : { value: entry.item as T };
  }

  /** The item has been taken. */
  advance(cursor: Cursor<T>): void {
    const { entry } = cursor;
    const next = entry.next as Entry<T>;
    entry.cursors -= 1;
    next.cursors += 1;
    cursor.entry = next;
    this.#catchUp();
  }

  /** The subscriber is gone. */
  close(cursor: Cursor<T>): void {
    this.missed(cursor);
    cursor.entry.cursors -= 1;
    this.#catchUp();
  }

  #catchUp(): void {
    while (this.#slowest.cursors === 0 && this.#slowest.next !== undefined) {
      this.#slowest = this.#slowest.next;
    }
  }

  #overrun(): void {
    const lost = this.#slowest;
    const next = lost.next as Entry<T>;
    next.cursors += lost.cursors;
    lost.cursors = 0;
    // A subscriber that never reads again must not hold everything that comes after.
    lost.next = undefined;
    lost.item = undefined;
    this.#slowest = next;
  }
}
