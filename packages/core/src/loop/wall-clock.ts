import type { EventLoop } from './event-loop.ts';

/** The time of day. */
export interface WallClock {
  /** Milliseconds since 1970. */
  now(): number;
  dateAt(ms: number): Date;
  /** It goes as the loop's clock does: nothing sets it. */
  readonly isSteady: boolean;
}

/** A loop that says at which time of day its clock was 0. */
interface DatedLoop extends EventLoop {
  readonly _origin?: number;
}

const dateAt = (ms: number): Date => new Date(ms);

/** The host's time of day; with a loop that has its own time, the time of day goes with that. */
export function wallClockOf(loop: DatedLoop): WallClock {
  const { _origin: origin } = loop;
  if (origin === undefined) return { now: () => Date.now(), dateAt, isSteady: false };
  return { now: () => origin + loop.now(), dateAt, isSteady: true };
}

/** What the host's clock says now. */
export function timeOfDay(): number {
  return Date.now();
}
