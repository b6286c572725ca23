import type { Readable } from 'node:stream';
import { park } from '@ambit/core/lowlevel';
import { textOf } from './stream-faults.ts';
import type { StreamLabel } from './stream-faults.ts';

/** Drops what a stream still gives, until its end. */
export async function readOut(readable: Readable, label: StreamLabel): Promise<void> {
  readable.resume();
  await park<void>(
    (waker) => {
      const over = (): void => void waker.wake();
      readable.once('end', over).once('close', over);
      return () => readable.off('end', over).off('close', over);
    },
    { name: () => `close ${textOf(label)}` },
  );
}
