import { node } from '../node.ts';
import { checkCall } from '@ambit/core/lowlevel';
import { cancellable } from '../cancellable.ts';
import type { WaitOptions } from '../cancellable.ts';
import { checkEncoding } from '../check.ts';
import { fileCall } from './file-call.ts';
import { placeOf } from './file-path.ts';
import type { FilePath } from './file-path.ts';

/** Options for {@link readFile}. */
export interface ReadFileOptions extends WaitOptions {
  /** How its bytes are decoded. Default: not at all. */
  readonly encoding?: BufferEncoding | null | undefined;
  /** As Node's; default 'r'. */
  readonly flag?: string | number | undefined;
}

/**
 * Reads a whole file. Cancelled, it stops between two pieces.
 * Waits until it is read.
 *
 * @param options - the encoding, or `encoding`, `flag`, `signal`
 * @param path - of the file
 * @returns the bytes; with an encoding, the text
 * @throws (rejects) Node's errors, with `code` and `path`; the ambient scope's CancelledError; `signal.reason`
 * @example
 * const settings = JSON.parse(await readFile('settings.json', 'utf8'));
 */
export function readFile(
  path: FilePath,
  options?: ReadFileOptions & { readonly encoding?: null | undefined },
): Promise<Buffer>;
export function readFile(
  path: FilePath,
  options: BufferEncoding | (ReadFileOptions & { readonly encoding: BufferEncoding }),
): Promise<string>;
export function readFile(
  path: FilePath,
  options?: BufferEncoding | ReadFileOptions,
): Promise<Buffer | string>;
export async function readFile(
  path: FilePath,
  options?: BufferEncoding | ReadFileOptions,
): Promise<Buffer | string> {
  const place = placeOf('readFile', 'path', path);
  const given = typeof options === 'string' ? { encoding: options } : options;
  checkCall('readFile', given);
  checkEncoding('readFile', given?.encoding ?? undefined);
  return cancellable(
    (signal) =>
      fileCall({ name: 'read', place }, () =>
        node.files.readFile(place.path, { ...given, signal } as object),
      ),
    given,
  );
}
