import { node } from '../node.ts';
import type { TaskGroup } from '@ambit/core';
import { giveTo, show, refusalOf } from '@ambit/core/lowlevel';
import type { StringDecoder } from 'node:string_decoder';
import type { ByteStream } from './byte-stream.ts';
import { interruptOf, Pieces } from '../pieces.ts';
import type { WaitOptions } from '../cancellable.ts';
import { checkMethod } from '../check.ts';

/**
 * Makes a stream of text over a ByteStream: received bytes are decoded, in any way that characters were cut; text that is
 * sent is encoded. It is the same stream: closing one closes the other.
 *
 * @param encoding - one of Node's: 'utf8' (the default), 'utf16le', 'latin1'; bytes that are none of its characters are
 *   received as U+FFFD
 * @throws TypeError for bad arguments
 * @example
 * for await (const text of textStream(process.stdout!)) console.log(text);
 */
export function textStream(stream: ByteStream, encoding: BufferEncoding = 'utf8'): TextStream {
  checkMethod('textStream', 'stream', stream, 'receive', 'a ByteStream');
  if (typeof encoding !== 'string' || !Buffer.isEncoding(encoding)) {
    throw new TypeError(
      `textStream: encoding is ${show(encoding)}; give one that Node has, such as 'utf8', 'utf16le' or 'latin1'`,
    );
  }
  return new TextStream(stream, encoding);
}

/**
 * See {@link textStream}.
 *
 * @example
 * const lines = textStream(stream, 'latin1');
 * await lines.send('hello\n');
 */
export class TextStream implements AsyncDisposable {
  readonly #stream: ByteStream;
  readonly #encoding: BufferEncoding;
  readonly #decoder: StringDecoder;

  /** @internal */
  constructor(stream: ByteStream, encoding: BufferEncoding) {
    this.#stream = stream;
    this.#encoding = encoding;
    this.#decoder = new node.stringDecoder.StringDecoder(encoding);
  }

  /**
   * Waits for text. A receive that is cancelled has taken none.
   *
   * @returns at least one character, or undefined at the end, each time
   * @throws (rejects) as the stream's `receive`
   */
  async receive(options?: WaitOptions): Promise<string | undefined> {
    const refused = refusalOf('receive', options);
    if (refused !== undefined) return refused;
    for (;;) {
      const bytes = await this.#stream.receive(undefined, options);
      const text = bytes === undefined ? this.#decoder.end() : this.#decoder.write(bytes);
      if (text !== '') return text;
      // Nothing but the beginning of a character: the decoder keeps it.
      if (bytes === undefined) return undefined;
    }
  }

  /**
   * As the stream's `send`.
   * Waits as that does.
   *
   * @param text - what to send
   * @throws (rejects) as the stream's `send`
   */
  async send(text: string, options?: WaitOptions): Promise<void> {
    if (typeof text !== 'string')
      throw new TypeError(`send: text is ${show(text)}, not a string; give a string`);
    await this.#stream.send(Buffer.from(text, this.#encoding), options);
  }

  /**
   * As the stream's `sendEof`.
   * Waits as that does.
   *
   * @throws (rejects) as the stream's `sendEof`
   */
  sendEof(options?: WaitOptions): Promise<void> {
    return this.#stream.sendEof(options);
  }

  /**
   * Closes the stream.
   * Waits as its `close` does.
   *
   * @throws (rejects) as the stream's `close`
   */
  close(): Promise<void> {
    return this.#stream.close();
  }

  /** Destroys the stream. */
  destroy(): void {
    this.#stream.destroy();
  }

  /** @internal */
  [giveTo](group: TaskGroup): void {
    group.adopt(this.#stream);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stream[Symbol.asyncDispose]();
  }

  /**
   * What is received, piece by piece, to the end. Leaving the loop does not close the stream; `return()` ends a `next()`
   * that waits, which takes nothing.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<string> {
    return new Pieces({
      receive: (_max, options) => this.receive(options),
      _interrupt: interruptOf(this.#stream),
    });
  }
}
