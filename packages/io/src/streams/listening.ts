import type { Readable, Writable } from 'node:stream';
import type { ReadHalf } from './read-half.ts';

/** What a byte stream hears from the streams of Node that it is over. */
interface Listening {
  readonly _reading: ReadHalf;
  /** A stream has ended, or was closed. */
  _ended(): void;
}

const LISTENING = Symbol('the byte stream over it');

interface Own {
  [LISTENING]?: Listening | undefined;
}

// Two functions serve all sockets: two of its own would take 96 bytes of each connection.

function heard(this: Own, chunk?: unknown): void {
  this[LISTENING]?._reading._heard(chunk);
}

function ended(this: Own): void {
  this[LISTENING]?._ended();
}

/** The stream is ours alone, and this is the only byte stream over it: it is known by the stream. */
export function adoptStream(stream: Readable | Writable, by: Listening): () => void {
  (stream as Own)[LISTENING] = by;
  return ended;
}

/** The byte stream that has adopted it hears nothing more of it, but for what a receive listened to. */
export function leaveStream(stream: Readable | Writable): void {
  (stream as Own)[LISTENING] = undefined;
  stream.off('close', ended).off('end', ended);
}

/** What a receive listens by. Over a stream of other code there may be several byte streams: then it is bound. */
export function hearingOf(readable: Readable, half: ReadHalf): (chunk?: unknown) => void {
  return (readable as Own)[LISTENING]?._reading === half ? heard : half._heard.bind(half);
}
