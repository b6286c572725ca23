import type { ByteBuffer } from './byte-buffer.ts';
import { LimitOverrunError } from './buffered-reader-errors.ts';

/** Where what comes before a separator ends, and where the separator does. */
export interface Match {
  readonly start: number;
  readonly end: number;
}

/**
 * Looks for the separator that is complete first, in bytes that still come in. Bytes that have been looked at are not looked
 * at again, and what is found does not depend on how the bytes were cut.
 */
export class SeparatorSearch {
  readonly #separators: readonly Uint8Array[];
  readonly #longest: number;
  readonly #limit: number;
  #from = 0;

  constructor(separators: readonly Uint8Array[], limit: number) {
    this.#separators = separators;
    this.#longest = Math.max(...separators.map((separator) => separator.length));
    this.#limit = limit;
  }

  /**
   * @returns undefined: more bytes are needed
   * @throws LimitOverrunError if there are more than `limit` bytes before the separator, wherever it may come
   */
  find(bytes: ByteBuffer): Match | undefined {
    const match = this.#firstIn(bytes);
    if (match !== undefined) return this.#withinLimit(match);
    // The last of them may be the beginning of a separator.
    this.#from = Math.max(this.#from, bytes.length + 1 - this.#longest);
    if (this.#from > this.#limit) throw new LimitOverrunError(this.#limit, this.#from);
    return undefined;
  }

  // Of several the one that ends first: the shortest that can be read.
  #firstIn(bytes: ByteBuffer): Match | undefined {
    let first: Match | undefined;
    for (const separator of this.#separators) {
      const start = bytes.indexOf(separator, this.#from);
      if (start < 0) continue;
      const end = start + separator.length;
      if (first === undefined || end < first.end || (end === first.end && start < first.start))
        first = { start, end };
    }
    return first;
  }

  #withinLimit(match: Match): Match {
    if (match.start > this.#limit) throw new LimitOverrunError(this.#limit, match.start);
    return match;
  }
}
