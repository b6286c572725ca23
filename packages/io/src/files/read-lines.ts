import { bufferedReader } from '../streams/buffered-reader.ts';
import { checkSignal } from '../cancellable.ts';
import type { WaitOptions } from '../cancellable.ts';
import { checkOptions } from '../check.ts';
import { pathOf } from './file-call.ts';
import type { FilePath } from './file-call.ts';
import { openFile } from './open-file.ts';

const PIECE = 65_536;

/**
 * The lines of a file, read as UTF-8 as they are asked for, without their ends (`\n` or `\r\n`). The file is opened with
 * the first `next()`, and closed when the loop ends, in whatever way.
 *
 * @param options - `signal`: ends the iteration with `signal.reason`
 * @param path - of the file
 * @throws (`next` rejects) Node's errors, with `code` and `path`; the ambient scope's CancelledError; `signal.reason`
 * @example
 * for await (const line of readLines('access.log')) count(line);
 */
export function readLines(path: FilePath, options?: WaitOptions): AsyncGenerator<string, void> {
  const name = pathOf('readLines', 'path', path);
  checkOptions('readLines', options);
  checkSignal('readLines', options?.signal);
  return linesOf(name, options);
}

async function* linesOf(
  path: string,
  options: WaitOptions | undefined,
): AsyncGenerator<string, void> {
  const file = await openFile(path, 'r', options);
  const buffer = Buffer.allocUnsafe(PIECE);
  // The reader copies what it gets.
  const receive = async (): Promise<Uint8Array | undefined> => {
    const { bytesRead } = await file.read(buffer);
    return bytesRead === 0 ? undefined : buffer.subarray(0, bytesRead);
  };
  const reader = bufferedReader({ receive }, { limit: Infinity });
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
