/** The queue was shut down: it takes no more items, or has no more to give. */
export class QueueShutDownError extends Error {
  static {
    this.prototype.name = 'QueueShutDownError';
  }
}

/** All senders of the channel have closed, and what they sent has been received. */
export class EndOfChannelError extends Error {
  static {
    this.prototype.name = 'EndOfChannelError';
  }
}

/** All receivers of the channel have closed: what is sent could never arrive. */
export class BrokenChannelError extends Error {
  static {
    this.prototype.name = 'BrokenChannelError';
  }
}

/** It was closed at this end. */
export class ClosedError extends Error {
  static {
    this.prototype.name = 'ClosedError';
  }
}

/** A subscriber was too slow, and has lost items. */
export class LaggedError extends Error {
  static {
    this.prototype.name = 'LaggedError';
  }

  /** How many items it has lost. */
  readonly missed: number;

  constructor(message: string, missed: number) {
    super(message);
    this.missed = missed;
  }
}
