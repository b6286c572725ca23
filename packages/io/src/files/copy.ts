import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { checkSignal, under } from '../cancellable.ts';
import type { WaitOptions } from '../cancellable.ts';
import { checkFunction, checkOptions } from '../check.ts';
import { fileCall, pathOf } from './file-call.ts';
import type { FilePath } from './file-call.ts';
import { fileError } from './file-errors.ts';
import { replaceFile } from './replace-file.ts';

/** What `copy` takes besides. */
export interface CopyOptions extends WaitOptions {
  /** Called after each piece with the bytes copied so far, and those there are in all. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

const PIECE = 262_144;

/**
 * Copies a file, with its permission bits. The copy gets its name when it is whole and on the disk: a copy that is
 * cancelled or fails leaves what was there before.
 * Waits until it is.
 *
 * @param options - `onProgress`: see there, what it throws ends the copy; `signal`
 * @param source - the path of a file
 * @param destination - the path of the copy
 * @throws (rejects) Node's errors, with `code` and `path`, EISDIR for a folder; what `onProgress` throws; the ambient
 *   scope's CancelledError; `signal.reason`
 * @example
 * await copy('film.mp4', '/backup/film.mp4', { onProgress: (done, total) => bar.update(done / total) });
 */
export async function copy(
  source: FilePath,
  destination: FilePath,
  options?: CopyOptions,
): Promise<void> {
  const from = pathOf('copy', 'source', source);
  const to = pathOf('copy', 'destination', destination);
  checkOptions('copy', options);
  checkSignal('copy', options?.signal);
  if (options?.onProgress !== undefined) checkFunction('copy', 'onProgress', options.onProgress);
  await under(options?.signal, () => copyFile(from, to, options?.onProgress));
}

async function copyFile(
  from: string,
  to: string,
  onProgress: CopyOptions['onProgress'],
): Promise<void> {
  const input = await fileCall('open', from, undefined, () => open(from, 'r'));
  try {
    const stats = await input.stat();
    if (stats.isDirectory())
      throw fileError('EISDIR', 'illegal operation on a directory', 'read', from);
    await replaceFile(to, {
      mode: stats.mode & 0o7777,
      fill: (output) => pump({ input, from, output, to, size: stats.size, onProgress }),
    });
  } finally {
    await input.close();
  }
}

interface Work {
  readonly input: FileHandle;
  readonly from: string;
  readonly output: FileHandle;
  readonly to: string;
  readonly size: number;
  readonly onProgress: CopyOptions['onProgress'];
}

async function pump({ input, from, output, to, size, onProgress }: Work): Promise<void> {
  const buffer = Buffer.allocUnsafe(PIECE);
  let done = 0;
  for (;;) {
    const { bytesRead } = await fileCall('copy', from, undefined, () => input.read(buffer));
    if (bytesRead === 0) break;
    const bytes = buffer.subarray(0, bytesRead);
    await fileCall('copy to', to, undefined, () => output.writeFile(bytes));
    done += bytesRead;
    // A file that grows meanwhile has more than it had.
    onProgress?.(done, Math.max(done, size));
  }
  if (done === 0) onProgress?.(0, 0);
}
