export { park, enter, breathe } from './park.ts';
export type { ParkOptions, Waker } from './park.ts';
export { ParkingLot } from './parking-lot.ts';
export type { LotOptions, Place } from './parking-lot.ts';
export { whenDone } from './outcome.ts';
export { isWithin, noteLoan } from './flow.ts';
export { currentGroup } from './task-group.ts';
export { getRunningLoop as currentLoop } from './run.ts';
export { invariant } from './internal/invariant.ts';
