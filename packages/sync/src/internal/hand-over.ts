import type { ParkingLot } from '@ambit/core/lowlevel';

/** Wakes the caller that waits longest with `value`. Returns false if none waits: the value is not handed over then. */
export function handOver<T, D>(lot: ParkingLot<T, D>, value: T): boolean {
  for (let place = lot.head; place !== undefined; place = lot.head) {
    if (place.wake(value)) return true;
  }
  return false;
}
