import { checkCount, show } from '@ambit/core/lowlevel';
import type { WaitOptions } from '../cancellable.ts';
import { isUint8Array } from '../check.ts';

/**
 * Bytes in two directions: a connection, a pipe. One may receive while another sends; two receives, or two sends, at a
 * time are a mistake that is answered with a BusyResourceError.
 *
 * @example
 * await using stream = await connectTcp({ host: 'example.org', port: 7 });
 * await stream.send('hello');
 * const answer = await stream.receive();
 */
export interface ByteStream extends AsyncDisposable {
  /**
   * Waits for bytes. A receive that is cancelled has taken none.
   *
   * @param max - how many bytes to take now at most; default: what is there
   * @returns at least one byte, or undefined at the end, each time
   * @throws (rejects) BrokenResourceError if the connection broke; ClosedResourceError if it was closed at this end, also
   *   while this waits; BusyResourceError if a receive is under way; the ambient scope's CancelledError; `signal.reason`
   */
  receive(max?: number, options?: WaitOptions): Promise<Uint8Array | undefined>;

  /**
   * Waits until the bytes have been handed to the system: while the other end does not keep up, this waits. A text is
   * sent as UTF-8. A send that is cancelled may still be sent, as a whole; what is sent next comes after it.
   *
   * @param data - bytes, or a text
   * @throws (rejects) BrokenResourceError if the other end is gone; ClosedResourceError after `close` or `sendEof`, also
   *   while this waits; BusyResourceError if a send is under way; the ambient scope's CancelledError; `signal.reason`
   */
  send(data: Uint8Array | string, options?: WaitOptions): Promise<void>;

  /**
   * Tells the other end that nothing more will be sent. Receiving goes on. The second time does nothing.
   * Waits as `send` does.
   *
   * @throws (rejects) as `send`
   */
  sendEof(options?: WaitOptions): Promise<void>;

  /**
   * Closes both directions and waits until that is done, for a second at most while the other end does not read. What was
   * sent still arrives if it reads; what was not received is dropped. Calls that wait are woken with a
   * ClosedResourceError. In a cancelled scope it is closed anyway, at once. The second time does nothing.
   *
   * @throws (rejects) the ambient scope's CancelledError, once it is closed
   */
  close(): Promise<void>;

  /** Closes at once; what was sent may be lost. Does not wait. */
  destroy(): void;

  /**
   * What is received, piece by piece, to the end. Leaving the loop does not close the stream; `return()` ends a `next()`
   * that waits, which takes nothing.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<Uint8Array>;
}

export function checkMax(max: unknown): void {
  if (max !== undefined) checkCount('receive', 'max', max, 1);
}

export function checkData(data: unknown): void {
  if (typeof data === 'string' || isUint8Array(data)) return;
  throw new TypeError(`send: data is ${show(data)}; give a Uint8Array or a string`);
}

/** What a stream of Node has given: bytes, or a text if it has an encoding. */
export function bytesOf(chunk: unknown, encoding: BufferEncoding | null): Uint8Array {
  if (typeof chunk === 'string') return Buffer.from(chunk, encoding ?? 'utf8');
  if (ArrayBuffer.isView(chunk)) return chunk as Uint8Array;
  throw new TypeError(
    `receive: the stream gave ${show(chunk)}, which is no bytes; it is in object mode`,
  );
}
