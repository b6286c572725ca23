import type { ChannelCore } from './channel-core.ts';

/** The state of the whole channel, whichever handle is asked. */
export interface ChannelStatistics {
  /** How many items are stored. */
  readonly size: number;
  /** The most items that were ever stored at one time. */
  readonly peak: number;
  /** How many items are stored at most. */
  readonly capacity: number;
  /** How much room is promised to permits. */
  readonly reserved: number;
  /** How many sending ends and permits are open. */
  readonly openSenders: number;
  /** How many receiving ends are open. */
  readonly openReceivers: number;
  /** How many callers wait: the sum of the next three. */
  readonly waiting: number;
  /** How many callers wait to send. */
  readonly sending: number;
  /** How many callers wait to reserve room. */
  readonly reserving: number;
  /** How many callers wait for an item. */
  readonly receiving: number;
}

export function statisticsOf<T>(core: ChannelCore<T>): ChannelStatistics {
  const [sending, reserving] = [core.sends.size, core.reserves.size];
  const receiving = core.receives.size;
  return {
    size: core.size,
    peak: core.peak,
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
