// What is kept for the next bytes when all have been taken.
const SPARE = 131_072;

/** Bytes that were received and not yet read: put in at the end, taken from the front. */
export class ByteBuffer {
  #bytes: Buffer = Buffer.alloc(0);
  #start = 0;
  #end = 0;

  get length(): number {
    return this.#end - this.#start;
  }

  append(chunk: Uint8Array): void {
    if (chunk.length > this.#bytes.length - this.#end) this.#makeRoom(chunk.length);
    this.#bytes.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  // At least doubled, or less than half full: what is moved is paid for by what was put in.
  #makeRoom(more: number): void {
    const needed = this.length + more;
    const isSpacious = needed <= this.#bytes.length / 2;
    const bytes = isSpacious ? this.#bytes : Buffer.allocUnsafeSlow(Math.max(2 * needed, 1024));
    this.#bytes.copy(bytes, 0, this.#start, this.#end);
    this.#end = this.length;
    this.#start = 0;
    this.#bytes = bytes;
  }

  /** The first `count` bytes, which are the caller's from now on. */
  take(count: number): Buffer {
    const taken = Buffer.from(this.#bytes.subarray(this.#start, this.#start + count));
    this.skip(count);
    return taken;
  }

  /** The first `count` bytes as UTF-8; they stay. */
  text(count: number): string {
    return this.#bytes.toString('utf8', this.#start, this.#start + count);
  }

  skip(count: number): void {
    this.#start += count;
    if (this.length > 0) return;
    this.#start = 0;
    this.#end = 0;
    if (this.#bytes.length > SPARE) this.#bytes = Buffer.alloc(0);
  }

  /** Where `part` begins, at `from` or later; -1 if nowhere. */
  indexOf(part: Uint8Array, from: number): number {
    const bytes = this.#bytes.subarray(this.#start, this.#end);
    // One byte is found many times faster as a number.
    return bytes.indexOf(part.length === 1 ? (part[0] as number) : part, from);
  }
}
