import { ambient } from './ambient.ts';
import type { EventLoop, Handle } from './event-loop.ts';
import { compare, endOfSleeps, pop, rise } from './timer-heap.ts';
import type { Expiring, Timer } from './timer-heap.ts';

/** A handle that can stay armed without keeping the process alive, and be taken up again. */
interface RestingHandle extends Handle {
  _rest?(): boolean;
  _resume?(): void;
}

interface Clock {
  now(): number;
  /** No test turns it. */
  readonly isReal?: boolean;
}

/** A loop whose clock can be exchanged for another one, as test runners do with the host's. */
interface ClockedLoop extends EventLoop {
  _clock?(): Clock;
}

// The number of removed entries that may wait in the heap for their turn to go, beside as many that are alive.
const SPARE = 64;

/**
 * All deadlines and sleeps of one run: a binary heap, ordered by instant and then by age, behind at
 * most one timer of the event loop. It makes a timeout cheap, and a look at the clock O(1): a
 * checkpoint asks whether the earliest entry is due. A removed entry is only marked, and goes when it
 * comes to the top or when there are too many of them: most timeouts are removed before their time.
 */
export class Timers {
  readonly #loop: ClockedLoop;
  /** The one that the entries' instants are of. */
  #clock: Clock;
  // The loop's timer serves all: it must not hold the scope of the caller that happens to arm it.
  readonly #outside = ambient.run(undefined, () => ambient.snapshot());
  #heap: Timer[] = [];
  #orders = 0;
  #alive = 0;
  /** How many keep the process alive. */
  #refs = 0;
  #handle: RestingHandle | undefined;
  #isResting = false;

  constructor(loop: EventLoop) {
    this.#loop = loop;
    this.#clock = this.#loop._clock?.() ?? loop;
  }

  get size(): number {
    return this.#alive;
  }

  /** The instant of the earliest; Infinity if there is none. */
  get earliest(): number {
    return this.#top()?.when ?? Infinity;
  }

  add(when: number, owner: Expiring): Timer {
    this.#follow();
    this.#orders += 1;
    const timer: Timer = { when, order: this.#orders, owner, isRef: true };
    this.#alive += 1;
    this.#refs += 1;
    this.#heap.push(timer);
    rise(this.#heap, this.#heap.length - 1);
    if (this.#heap[0] === timer || this.#isResting) this.#arm();
    return timer;
  }

  /** Does nothing if it has expired or was removed before. */
  remove(timer: Timer): void {
    if (timer.owner === undefined) return;
    this.unref(timer);
    timer.owner = undefined;
    this.#alive -= 1;
    if (this.#alive === 0) {
      this.#heap = [];
      if (!this.#isResting) this.close();
    } else if (this.#heap.length > 2 * this.#alive + SPARE) {
      this.#heap = this.#heap.filter((each) => each.owner !== undefined).sort(compare);
    }
  }

  /** Lets the process end before it, as `unref()` of Node's timers. */
  unref(timer: Timer): void {
    if (timer.owner === undefined || !timer.isRef) return;
    timer.isRef = false;
    this.#refs -= 1;
    this.#balance();
  }

  /** Keeps the process alive again. */
  ref(timer: Timer): void {
    if (timer.owner === undefined || timer.isRef) return;
    timer.isRef = true;
    this.#refs += 1;
    this.#balance();
  }

  /** Whether anything is due by the clock. */
  get isDue(): boolean {
    if (this.#alive === 0) return false;
    this.#follow();
    const first = this.#top();
    return first !== undefined && first.when <= this.#loop.now();
  }

  /** Expires what is due by the clock, earliest first. */
  poll(): void {
    if (this.isDue) this.#expireUntil(this.#loop.now());
  }

  /** Those that are due at an instant, earliest first. For tests, which choose the one that expires first. */
  dueAt(instant: number): Timer[] {
    return this.#heap
      .filter(({ owner, when }) => owner !== undefined && when <= instant)
      .sort(compare);
  }

  /** Expires one, also before its instant. */
  expire(timer: Timer): void {
    const { owner } = timer;
    this.remove(timer);
    owner?._expire();
  }

  /** Lets go of the loop's timer. */
  close(): void {
    this.#handle?.cancel();
    this.#handle = undefined;
    this.#isResting = false;
  }

  #expireUntil(now: number): void {
    for (let first = this.#top(); first !== undefined && first.when <= now; first = this.#top()) {
      this.expire(first);
    }
  }

  /** The earliest entry that is alive. */
  #top(): Timer | undefined {
    while (this.#heap[0] !== undefined && this.#heap[0].owner === undefined) pop(this.#heap);
    return this.#heap[0];
  }

  /** Continues the waits by another clock, if it is one. Returns by how much that clock is ahead. */
  #follow(): number {
    const clock = this.#loop._clock?.() ?? this.#loop;
    if (clock === this.#clock) return 0;
    const shift = clock.now() - this.#clock.now();
    this.#clock = clock;
    for (const timer of this.#heap) timer.when += shift;
    this.close();
    this.#arm();
    return shift;
  }

  #arm(): void {
    const first = this.#top();
    if (first === undefined) return;
    if (this.#handle !== undefined && this.#handle.when <= first.when) {
      this.#balance();
      return;
    }
    this.close();
    this.#armAt(first.when);
  }

  #armAt(instant: number): void {
    this.#handle = this.#outside(() => this.#loop.callAt(instant, this.#wake));
    this.#balance();
  }

  // The loop's timer keeps the process alive if one of the entries does. With none at all it may stay for the next one.
  #balance(): void {
    if (this.#handle === undefined || this.#isResting === (this.#refs === 0)) return;
    if (this.#refs === 0) this.#isResting = this.#handle._rest?.() === true;
    else {
      this.#handle._resume?.();
      this.#isResting = false;
    }
  }

  readonly #wake = (): void => {
    const due = this.#handle?.when ?? -Infinity;
    this.#handle = undefined;
    this.#isResting = false;
    const shift = this.#follow();
    this.#top();
    // Where tests turn the clock, its time stands still during a turn.
    const end = this.#clock.isReal === true ? endOfSleeps(this.#heap) : -Infinity;
    if (shift === 0 && end > this.#loop.now()) {
      this.#armAt(end);
      return;
    }
    // The timer that fired was one of the clock before: what was due by that is due.
    if (shift === 0) this.poll();
    else this.#expireUntil(due + shift);
    this.#arm();
  };
}
