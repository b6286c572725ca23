import { node } from '../node.ts';
import { checkFunction, checkOptions, checkSignal } from '@ambit/core/lowlevel';
import type { FileHandle } from 'node:fs/promises';
import { under } from '../cancellable.ts';
import type { WaitOptions } from '../cancellable.ts';
import { realWork } from '../real-work.ts';
import { fileCall } from './file-call.ts';
import { fileError } from './file-errors.ts';
import { placeOf } from './file-path.ts';
import type { FilePath, Place } from './file-path.ts';
import { replaceFile } from './replace-file.ts';

/** Options for {@link copy}. */
export interface CopyOptions extends WaitOptions {
  /** Called after each piece with the bytes copied so far, and those there are in all. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

const PIECE = 262_144;

/**
 * Copies a file, with its permission bits, less the umask; setuid and setgid only where owner or group stay the same. The
 * copy gets its name when it is whole and on the disk: a copy that is cancelled or fails leaves what was there before.
 * Waits until it is on the disk. Follows links as Node's `copyFile` does.
 *
 * @param options - `onProgress`: see there, what it throws ends the copy; `signal`
 * @param source - the path of a file
 * @param destination - the path of the copy
 * @throws (rejects) Node's errors, with `code` and `path`, EISDIR for a directory; what `onProgress` throws; the ambient
 *   scope's CancelledError; `signal.reason`
 * @example
 * await copy('film.mp4', '/backup/film.mp4', { onProgress: (done, total) => bar.update(done / total) });
 */
export async function copy(
  source: FilePath,
  destination: FilePath,
  options?: CopyOptions,
): Promise<void> {
  const from = placeOf('copy', 'source', source);
  const to = placeOf('copy', 'destination', destination);
  checkOptions('copy', options);
  checkSignal('copy', options?.signal);
  const onProgress = options?.onProgress;
  if (onProgress !== undefined) checkFunction('copy', 'onProgress', onProgress);
  const report: Report = (done, total) => onProgress?.call(options, done, total);
  await realWork(() => under(options?.signal, () => copyFile(from, to, report)));
}

type Report = (done: number, total: number) => void;

async function copyFile(from: Place, to: Place, report: Report): Promise<void> {
  const input = await fileCall({ name: 'open', place: from }, () =>
    node.files.open(from.path, 'r'),
  );
  try {
    const stats = await input.stat();
    if (stats.isDirectory())
      throw fileError('illegal operation on a directory', {
        code: 'EISDIR',
        syscall: 'read',
        path: from.given,
      });
    await replaceFile(to, {
      source: stats,
      fill: (output) => pump({ input, from, output, to, size: stats.size, report }),
    });
  } finally {
    await input.close();
  }
}

interface Work {
  readonly input: FileHandle;
  readonly from: Place;
  readonly output: FileHandle;
  readonly to: Place;
  readonly size: number;
  readonly report: Report;
}

async function pump({ input, from, output, to, size, report }: Work): Promise<void> {
  const buffer = Buffer.allocUnsafe(PIECE);
  let done = 0;
  for (;;) {
    const { bytesRead } = await fileCall({ name: 'copy', place: from }, () => input.read(buffer));
    if (bytesRead === 0) break;
    const bytes = buffer.subarray(0, bytesRead);
    await fileCall({ name: 'copy to', place: to }, () => output.writeFile(bytes));
    done += bytesRead;
    // A file that grows meanwhile has more than it had.
    report(done, Math.max(done, size));
  }
  if (done === 0) report(0, 0);
}
