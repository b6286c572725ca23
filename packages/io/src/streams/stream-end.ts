import { moveOnAfter } from '@ambit/core';
import { park } from '@ambit/core/lowlevel';
import type { Readable, Writable } from 'node:stream';
import type { ReadHalf } from './read-half.ts';
import type { WriteHalf } from './write-half.ts';

/** Milliseconds that closing waits for the other end. */
export const LONGEST_GOODBYE = 1000;

/** The stream keeps its error, and its next user gets it; without a listener the error would end the process. */
export function ignoreErrors(): void {
  // See above.
}

/** Waits under a shield until streams that are being destroyed have released their resources. */
export async function untilClosed(
  streams: readonly (Readable | Writable)[],
  name: () => string,
): Promise<void> {
  for (const stream of streams) {
    if (stream.closed) continue;
    await park<void>((waker) => void stream.once('close', () => waker.wake()), {
      shield: true,
      name,
    });
  }
}

/** The end of the bytes is sent, then what the other end still sends is read and dropped: each for a second at most. */
export async function sayGoodbye(writing: WriteHalf, reading?: ReadHalf): Promise<void> {
  try {
    await moveOnAfter(LONGEST_GOODBYE, () => writing.end());
    if (reading !== undefined) await moveOnAfter(LONGEST_GOODBYE, () => reading.discardRest());
  } catch {
    // Cancelled meanwhile: the stream is closed by force, and the next checkpoint throws the cancellation.
  }
}
