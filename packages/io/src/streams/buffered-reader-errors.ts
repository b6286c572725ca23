import { nameErrors } from '@ambit/core/lowlevel';

/** The stream ended before all that was asked for had come. What had come has been read, and is `partial`. */
export class IncompleteReadError extends Error {
  static {
    nameErrors(this, 'IncompleteReadError');
  }

  /** What came before the end. */
  readonly partial: Uint8Array;
  /** How many bytes were asked for; undefined: as many as it takes to the separator. */
  readonly expected: number | undefined;

  constructor(partial: Uint8Array, expected: number | undefined) {
    super(
      `the stream ended after ${partial.length} of ${expected ?? 'an unknown number of'} bytes; what came is in error.partial`,
    );
    this.partial = partial;
    this.expected = expected;
  }
}

/** No separator within the limit. Nothing was read: the bytes are still there. */
export class LimitOverrunError extends Error {
  static {
    nameErrors(this, 'LimitOverrunError');
  }

  /** The number of bytes that come before any separator: they can be read with `readExactly`, or skipped so. */
  readonly consumed: number;

  constructor(limit: number, consumed: number) {
    super(
      `no separator within the limit of ${limit} bytes; readExactly(${consumed}) reads what there is, or give a larger limit`,
    );
    this.consumed = consumed;
  }
}
