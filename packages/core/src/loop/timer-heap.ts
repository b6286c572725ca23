/** What a timer tells that its instant has come. */
export interface Expiring {
  _expire(): void;
  /** The one wait that it ends, if it does nothing else. */
  readonly _waiter?: object;
  /** The scope of the code that asked for it. */
  readonly _scope?: object;
  /** Of a sleep: its length in milliseconds, and how many waits had ended when it began. */
  readonly _length?: number | undefined;
  readonly _stretch?: number | undefined;
}

/** An entry of a heap: an array, ordered by instant and then by age. */
export interface Timer {
  when: number;
  readonly order: number;
  /** Undefined once it has expired or was removed. */
  owner: Expiring | undefined;
  /** Keeps the process alive, as timers do. */
  isRef: boolean;
}

export function compare(a: Timer, b: Timer): number {
  return a.when - b.when || a.order - b.order;
}

function isEarlier(a: Timer, b: Timer): boolean {
  return a.when < b.when || (a.when === b.when && a.order < b.order);
}

/** Moves the entry at a place of the heap up to where it belongs. */
export function rise(heap: Timer[], place: number): void {
  const timer = heap[place] as Timer;
  let at = place;
  while (at > 0) {
    const above = (at - 1) >> 1;
    const parent = heap[above] as Timer;
    if (isEarlier(parent, timer)) break;
    heap[at] = parent;
    at = above;
  }
  heap[at] = timer;
}

/** Takes the earliest entry out. */
export function pop(heap: Timer[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && isEarlier(heap[child + 1] as Timer, heap[child] as Timer)) {
      child += 1;
    }
    if (isEarlier(last, heap[child] as Timer)) break;
    heap[at] = heap[child] as Timer;
    at = child;
  }
  heap[at] = last;
}

// For how many milliseconds a sleep waits for the end of another, at most.
const LONGEST_GAP = 5;

/**
 * Sleeps of one length that began in one stretch of the program end together, as timers of the host do that were set in one
 * turn, in which its time stands still. Ours does not, so the first waits for the last, unless something else is due before.
 * Returns that instant.
 */
export function endOfSleeps(heap: readonly Timer[]): number {
  const [first] = heap;
  const { _stretch, _length } = first?.owner ?? {};
  if (first === undefined || _stretch === undefined) return -Infinity;
  let limit = first.when + LONGEST_GAP;
  let last = first.when;
  const look = (at: number, see: (timer: Timer, isBeside: boolean) => void): void => {
    const timer = heap[at];
    if (timer === undefined || timer.when > limit) return;
    const { owner } = timer;
    if (owner !== undefined) {
      see(timer, owner._stretch === _stretch && owner._length === _length);
    }
    look(2 * at + 1, see);
    look(2 * at + 2, see);
  };
  look(0, ({ when }, isBeside) => {
    if (!isBeside) limit = when;
  });
  look(0, ({ when }, isBeside) => {
    if (isBeside && when > last) last = when;
  });
  return last;
}
