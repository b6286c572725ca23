import { microtask } from '../internal/microtask.ts';

/** A random number generator from 0 to below 1: Mulberry32, by Tommy Ettinger. */
export function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Calls what it is given in one tick at the end of that tick, in an order that the seed decides. */
export function shuffler(seed: number): (settle: () => void) => void {
  const random = randomOf(seed);
  let batch: (() => void)[] = [];
  const flush = (): void => {
    const settles = batch;
    batch = [];
    // Fisher and Yates, from the end.
    for (let last = settles.length - 1; last > 0; last -= 1) {
      const other = Math.floor(random() * (last + 1));
      [settles[last], settles[other]] = [settles[other] as () => void, settles[last] as () => void];
    }
    for (const settle of settles) settle();
  };
  return (settle) => {
    batch.push(settle);
    if (batch.length === 1) microtask(flush);
  };
}
