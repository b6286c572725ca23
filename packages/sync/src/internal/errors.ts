/** The queue was shut down: it accepts no more items, or is empty. */
export class QueueShutDownError extends Error {
  static {
    Object.defineProperty(this.prototype, 'name', {
      value: 'QueueShutDownError',
      writable: true,
      configurable: true,
    });
  }
}

/** All senders of the channel have closed, and all items have been received. */
export class EndOfChannelError extends Error {
  static {
    Object.defineProperty(this.prototype, 'name', {
      value: 'EndOfChannelError',
      writable: true,
      configurable: true,
    });
  }
}

/** All receivers of the channel have closed: an item could never arrive. */
export class BrokenChannelError extends Error {
  static {
    Object.defineProperty(this.prototype, 'name', {
      value: 'BrokenChannelError',
      writable: true,
      configurable: true,
    });
  }
}

/** This end, or the whole primitive, was closed. */
export class ClosedError extends Error {
  static {
    Object.defineProperty(this.prototype, 'name', {
      value: 'ClosedError',
      writable: true,
      configurable: true,
    });
  }
}

/** A subscriber was too slow, and has missed items. */
export class LaggedError extends Error {
  static {
    Object.defineProperty(this.prototype, 'name', {
      value: 'LaggedError',
      writable: true,
      configurable: true,
    });
  }

  /** How many items it has missed. */
  readonly missed: number;

  constructor(message: string, missed: number) {
    super(message);
    this.missed = missed;
  }
}
