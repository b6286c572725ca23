import { checkCount, checkOptions, checkSignal } from '@ambit/core/lowlevel';
import { bufferedReader } from '../streams/buffered-reader.ts';
import type { WaitOptions } from '../cancellable.ts';
import { placeOf } from './file-path.ts';
import type { FilePath, Place } from './file-path.ts';
import { Interruptible } from './interruptible.ts';
import { openPlace } from './open-file.ts';

/** Options for {@link readLines}. */
export interface ReadLinesOptions extends WaitOptions {
  /** The most bytes that a line may have. Default 1048576 (1 MiB); `Infinity`: any number. */
  readonly limit?: number | undefined;
}

const PIECE = 65_536;
const DEFAULT_LIMIT = 1_048_576;

/**
 * Reads the lines of a file, as UTF-8, as they are asked for, without their ends (`\n` or `\r\n`). The file is opened by
 * the first `next()`, and closed when the loop ends, in any way; `return()` ends a `next()` that is pending.
 *
 * @param path - of the file
 * @param options - `limit`: the most bytes that a line may have; `signal`: ends the iteration with `signal.reason`
 * @throws (`next` rejects) LimitOverrunError for a line that is longer than `limit`; Node's errors, with `code` and
 *   `path`; the ambient scope's CancelledError; `signal.reason`
 * @example
 * for await (const line of readLines('access.log')) count(line);
 */
export function readLines(
  path: FilePath,
  options?: ReadLinesOptions,
): AsyncGenerator<string, void> {
  const place = placeOf('readLines', 'path', path);
  checkOptions('readLines', options);
  checkSignal('readLines', options?.signal);
  const { limit = DEFAULT_LIMIT } = options ?? {};
  checkCount('readLines', 'limit', limit, 1);
  return new Interruptible(linesOf(place, limit, { signal: options?.signal }));
}

async function* linesOf(
  place: Place,
  limit: number,
  options: WaitOptions,
): AsyncGenerator<string, void> {
  const file = await openPlace(place, 'r', options);
  const buffer = Buffer.allocUnsafe(PIECE);
  // The reader copies what it gets.
  const receive = async (): Promise<Uint8Array | undefined> => {
    const { bytesRead } = await file.read(buffer);
    return bytesRead === 0 ? undefined : buffer.subarray(0, bytesRead);
  };
  const reader = bufferedReader({ receive }, { limit });
  try {
    for (;;) {
      const line = await reader.readLine(options);
      if (line === undefined) return;
      yield line;
    }
  } finally {
    await file.close();
  }
}
