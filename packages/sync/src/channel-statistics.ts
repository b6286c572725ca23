import type { ChannelCore } from './channel-core.ts';

/** The state of the whole channel, whichever handle is asked. */
export interface ChannelStatistics {
  /** How many items are stored. */
  readonly size: number;
  /** How many items are stored at most. */
  readonly capacity: number;
  /** Room that is promised to permits. */
  readonly reserved: number;
  /** Open handles, and permits. */
  readonly openSenders: number;
  /** How many receiving ends are open. */
  readonly openReceivers: number;
  /** All of those who wait: the sum of the next three. */
  readonly waiting: number;
  /** How many wait to send. */
  readonly sending: number;
  /** How many wait for reserved room. */
  readonly reserving: number;
  /** How many wait for an item. */
  readonly receiving: number;
}

export function statisticsOf<T>(core: ChannelCore<T>): ChannelStatistics {
  const [sending, reserving] = [core.sends.size, core.reserves.size];
  const receiving = core.receives.size;
  return {
    size: core.size,
    capacity: core.capacity,
    reserved: core.reserved,
    openSenders: core.openSenders,
    openReceivers: core.openReceivers,
    waiting: sending + reserving + receiving,
    sending,
    reserving,
    receiving,
  };
}
