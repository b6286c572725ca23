import { nameErrors } from '@ambit/core/lowlevel';

/** The queue was shut down: it accepts no more items, or is empty. */
export class QueueShutDownError extends Error {
  static {
    nameErrors(this, 'QueueShutDownError');
  }
}

/** All senders of the channel have closed, and all items have been received. */
export class EndOfChannelError extends Error {
  static {
    nameErrors(this, 'EndOfChannelError');
  }
}

/** All receivers of the channel have closed: an item could never arrive. */
export class BrokenChannelError extends Error {
  static {
    nameErrors(this, 'BrokenChannelError');
  }
}

/** This end, or the whole primitive, was closed. */
export class ClosedError extends Error {
  static {
    nameErrors(this, 'ClosedError');
  }
}

/** A subscriber was too slow, and has missed items. */
export class LaggedError extends Error {
  static {
    nameErrors(this, 'LaggedError');
  }

  /** How many items it has missed. */
  readonly missed: number;

  constructor(message: string, missed: number) {
    super(message);
    this.missed = missed;
  }
}
