import type { EventLoop, Handle } from './event-loop.ts';

/** What a timer tells that its instant has come. */
export interface Expiring {
  _expire(): void;
}

/** An entry of the heap below. */
export interface Timer {
  readonly when: number;
  readonly order: number;
  readonly owner: Expiring;
  slot: number;
}

/**
 * All deadlines and sleeps of one run: a binary heap, ordered by instant and then by age, behind at
 * most one timer of the event loop. It makes a timeout cheap, and a look at the clock O(1): a
 * checkpoint asks whether the earliest entry is due.
 */
export class Timers {
  readonly #loop: EventLoop;
  readonly #heap: Timer[] = [];
  #orders = 0;
  #handle: Handle | undefined;

  constructor(loop: EventLoop) {
    this.#loop = loop;
  }

  get size(): number {
    return this.#heap.length;
  }

  /** The instant of the earliest; Infinity if there is none. */
  get earliest(): number {
    return this.#heap[0]?.when ?? Infinity;
  }

  add(when: number, owner: Expiring): Timer {
    this.#orders += 1;
    const timer: Timer = { when, order: this.#orders, owner, slot: this.#heap.length };
    this.#heap.push(timer);
    this.#rise(timer);
    if (timer.slot === 0) this.#arm();
    return timer;
  }

  /** Does nothing if it has expired or was removed before. */
  remove(timer: Timer): void {
    const slot = timer.slot;
    if (slot < 0) return;
    timer.slot = -1;
    const last = this.#heap.pop();
    if (last !== undefined && last !== timer) {
      last.slot = slot;
      this.#heap[slot] = last;
      this.#rise(last);
      this.#sink(last);
    }
    // With others left the loop's timer stays: waking once for nothing is cheaper than arming anew.
    if (this.#heap.length === 0) this.#disarm();
  }

  /** Expires what is due by the clock, earliest first. */
  poll(): void {
    const first = this.#heap[0];
    if (first === undefined) return;
    const now = this.#loop.now();
    if (first.when <= now) this.#expireUntil(now);
  }

  #expireUntil(now: number): void {
    for (
      let first = this.#heap[0];
      first !== undefined && first.when <= now;
      first = this.#heap[0]
    ) {
      this.remove(first);
      first.owner._expire();
    }
  }

  #arm(): void {
    const first = this.#heap[0];
    if (first === undefined) return;
    if (this.#handle !== undefined && this.#handle.when <= first.when) return;
    this.#handle?.cancel();
    this.#handle = this.#loop.callAt(first.when, this.#wake);
  }

  #disarm(): void {
    this.#handle?.cancel();
    this.#handle = undefined;
  }

  readonly #wake = (): void => {
    this.#handle = undefined;
    this.poll();
    this.#arm();
  };

  #rise(timer: Timer): void {
    const heap = this.#heap;
    let slot = timer.slot;
    while (slot > 0) {
      const parent = (slot - 1) >> 1;
      const above = heap[parent] as Timer;
      if (isEarlier(above, timer)) break;
      heap[slot] = above;
      above.slot = slot;
      slot = parent;
    }
    heap[slot] = timer;
    timer.slot = slot;
  }

  #sink(timer: Timer): void {
    const heap = this.#heap;
    let slot = timer.slot;
    for (;;) {
      let child = 2 * slot + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isEarlier(heap[child + 1] as Timer, heap[child] as Timer))
        child += 1;
      const below = heap[child] as Timer;
      if (isEarlier(timer, below)) break;
      heap[slot] = below;
      below.slot = slot;
      slot = child;
    }
    heap[slot] = timer;
    timer.slot = slot;
  }
}

function isEarlier(a: Timer, b: Timer): boolean {
  return a.when < b.when || (a.when === b.when && a.order < b.order);
}
