import {
  checkCount,
  checkOptions,
  checkSignal,
  show,
  yieldIfDue,
  refusalOf,
} from '@ambit/core/lowlevel';
import { currentScope } from '@ambit/core';
import { ByteBuffer } from './byte-buffer.ts';
import { IncompleteReadError } from './buffered-reader-errors.ts';
import type { ByteStream } from './byte-stream.ts';
import { interruptOf, Pieces } from '../pieces.ts';
import { cancellable, isCut, under } from '../cancellable.ts';
import type { Caller, WaitOptions } from '../cancellable.ts';
import { checkMethod } from '../check.ts';
import { BusyResourceError } from '../errors.ts';
import { SeparatorSearch } from './separators.ts';

/** Options for `BufferedReader`. */
export interface BufferedReaderOptions {
  /** How many bytes may come before a separator or a line end. Default 65536; Infinity: any number. */
  readonly limit?: number | undefined;
}

const LF = Buffer.from('\n');
const DEFAULT_LIMIT = 65_536;
const MORE = Symbol('more');

/**
 * Reads a stream in the units that a protocol has: a number of bytes, up to a separator, lines. It reads ahead, so from now
 * on the stream is to be read through it alone. It does not close the stream.
 *
 * @param stream - where the bytes come from
 * @param options - `limit`: see there
 * @returns the reader
 * @throws TypeError, RangeError for bad arguments
 * @example
 * const reader = bufferedReader(stream);
 * const header = await reader.readUntil('\r\n\r\n');
 * const body = await reader.readExactly(lengthIn(header));
 */
export function bufferedReader(
  stream: Pick<ByteStream, 'receive'>,
  options?: BufferedReaderOptions,
): BufferedReader {
  checkMethod('bufferedReader', 'stream', stream, 'receive', 'a ByteStream');
  checkOptions('bufferedReader', options);
  const { limit = DEFAULT_LIMIT } = options ?? {};
  checkCount('bufferedReader', 'limit', limit, 1);
  return new BufferedReader(stream, limit);
}

/**
 * See {@link bufferedReader}. A read that is cancelled or fails leaves the bytes for the next one.
 *
 * @example
 * for await (const line of bufferedReader(stream).lines()) console.log(line);
 */
export class BufferedReader {
  readonly #stream: Pick<ByteStream, 'receive'>;
  readonly #limit: number;
  readonly #buffer = new ByteBuffer();
  #hasEnded = false;
  /** The call that waits for the stream; one that is cancelled has left, whenever its caller goes on. */
  #reader: Caller | undefined;

  /** @internal */
  constructor(stream: Pick<ByteStream, 'receive'>, limit: number) {
    this.#stream = stream;
    this.#limit = limit;
  }

  /** True once a read has met the end, and all that came before it was read. */
  get atEof(): boolean {
    return this.#hasEnded && this.#buffer.length === 0;
  }

  /**
   * Waits for bytes, if there are none yet.
   *
   * @param max - how many bytes at most; default: what is there
   * @returns at least one byte, or undefined at the end
   * @throws (rejects) what the stream's `receive` does; BusyResourceError if another read is under way; the ambient
   *   scope's CancelledError; `signal.reason`
   */
  async read(max: number = Infinity, options?: WaitOptions): Promise<Uint8Array | undefined> {
    checkCount('read', 'max', max, 1);
    return this.#reading('read', options, () => {
      if (this.#buffer.length === 0) return this.#hasEnded ? undefined : MORE;
      return this.#buffer.take(Math.min(max, this.#buffer.length));
    });
  }

  /**
   * Waits for exactly `count` bytes, however large the limit.
   *
   * @param count - how many: a whole number from 0
   * @returns the bytes
   * @throws (rejects) IncompleteReadError if the stream ends before; otherwise as `read`
   */
  async readExactly(count: number, options?: WaitOptions): Promise<Uint8Array> {
    checkCount('readExactly', 'count', count, 0);
    return this.#reading('readExactly', options, () => {
      if (this.#buffer.length >= count) return this.#buffer.take(count);
      if (this.#hasEnded) throw this.#incomplete(count);
      return MORE;
    });
  }

  /**
   * Waits for a separator; of several, for the one that is complete first.
   *
   * @returns the bytes up to the separator, and the separator
   * @throws (rejects) IncompleteReadError if the stream ends before; LimitOverrunError if more bytes than the limit come
   *   before the separator: they stay, to be read otherwise; otherwise as `read`
   */
  async readUntil(
    separator: string | Uint8Array | readonly (string | Uint8Array)[],
    options?: WaitOptions,
  ): Promise<Uint8Array> {
    const search = new SeparatorSearch(separatorsOf(separator), this.#limit);
    return this.#reading('readUntil', options, () => {
      const match = search.find(this.#buffer);
      if (match !== undefined) return this.#buffer.take(match.end);
      if (this.#hasEnded) throw this.#incomplete(undefined);
      return MORE;
    });
  }

  /**
   * Waits for a line: up to `\n` or `\r\n`, or to the end of the stream.
   *
   * @returns the line as UTF-8, without its end; undefined at the end of the stream
   * @throws (rejects) LimitOverrunError if the line is longer than the limit: it stays, to be read otherwise; otherwise
   *   as `read`
   */
  async readLine(options?: WaitOptions): Promise<string | undefined> {
    const search = new SeparatorSearch([LF], this.#limit);
    return this.#reading('readLine', options, () => {
      const match = search.find(this.#buffer);
      if (match !== undefined) return this.#takeLine(match.end);
      return this.#hasEnded ? this.#takeRest() : MORE;
    });
  }

  /**
   * The lines that are still to come, each as `readLine` reads it. Leaving the loop loses none; `return()` ends a
   * `next()` that waits, and what came of its line stays.
   *
   * @param options - `signal`: ends the wait for each line
   */
  lines(options?: WaitOptions): AsyncIterableIterator<string> {
    checkOptions('lines', options);
    checkSignal('lines', options?.signal);
    return new Pieces({
      receive: (_max, interruption) =>
        interruption === undefined ? this.readLine(options) : this.#readLine(options, interruption),
      _interrupt: interruptOf(this.#stream),
    });
  }

  /** Of a stream of other code: it knows of no scope, but of one signal. */
  #readLine(
    options: WaitOptions | undefined,
    interruption: WaitOptions,
  ): Promise<string | undefined> {
    return under(options?.signal, () =>
      cancellable((signal) => this.readLine({ signal }), interruption),
    );
  }

  /** @param take - takes what is asked for; returns MORE until it is there, or the stream has ended */
  async #reading<T>(
    verb: string,
    options: WaitOptions | undefined,
    take: () => T | typeof MORE,
  ): Promise<T> {
    const refused = refusalOf(verb, options);
    if (refused !== undefined) return refused;
    if (this.#reader !== undefined && !isCut(this.#reader)) {
      throw new BusyResourceError(
        `${verb}: another read is under way on this reader; let one end before the next begins`,
      );
    }
    const there = take();
    const value = there === MORE ? await this.#receiving(options, take) : there;
    const pause = yieldIfDue();
    if (pause !== undefined) await pause;
    return value;
  }

  async #receiving<T>(options: WaitOptions | undefined, take: () => T | typeof MORE): Promise<T> {
    const reader = { scope: currentScope(), signal: options?.signal };
    this.#reader = reader;
    try {
      for (;;) {
        const chunk = await this.#stream.receive(undefined, options);
        // A terminal goes on after its end; a stream that has ended has ended, and is not asked again.
        if (chunk === undefined) this.#hasEnded = true;
        else this.#buffer.append(chunk);
        const value = take();
        if (value !== MORE) return value;
      }
    } finally {
      if (this.#reader === reader) this.#reader = undefined;
    }
  }

  #takeLine(end: number): string {
    const line = this.#buffer.text(end - LF.length);
    this.#buffer.skip(end);
    return line.endsWith('\r') ? line.slice(0, -1) : line;
  }

  #takeRest(): string | undefined {
    if (this.#buffer.length === 0) return undefined;
    const rest = this.#buffer.text(this.#buffer.length);
    this.#buffer.skip(this.#buffer.length);
    return rest;
  }

  #incomplete(expected: number | undefined): IncompleteReadError {
    return new IncompleteReadError(this.#buffer.take(this.#buffer.length), expected);
  }
}

function separatorsOf(given: unknown): Uint8Array[] {
  const list: unknown[] = Array.isArray(given) ? given : [given];
  if (list.length === 0)
    throw new RangeError('readUntil: separator is an empty array; give at least one');
  return list.map(bytesOfSeparator);
}

function bytesOfSeparator(separator: unknown): Uint8Array {
  if (typeof separator !== 'string' && !(separator instanceof Uint8Array)) {
    throw new TypeError(
      `readUntil: separator is ${show(separator)}; give a string, a Uint8Array, or an array of them`,
    );
  }
  if (separator.length === 0)
    throw new RangeError('readUntil: separator is empty; give at least one byte');
  return typeof separator === 'string' ? Buffer.from(separator) : separator;
}
