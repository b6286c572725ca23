// Runs in the worker threads of hash-farm.ts.
import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { workerScope } from '@ambit/io';

/** The hash of a file, in hexadecimal digits. It never waits, so it checks for a cancellation. */
export function hashFile(path: string, algorithm: string): string {
  const hash = createHash(algorithm);
  const buffer = Buffer.alloc(256 * 1024);
  const file = openSync(path, 'r');
  try {
    for (;;) {
      workerScope().throwIfCancelled();
      const length = readSync(file, buffer);
      if (length === 0) return hash.digest('hex');
      hash.update(buffer.subarray(0, length));
    }
  } finally {
    closeSync(file);
  }
}
