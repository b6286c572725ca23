import { node } from '../node.ts';
import { checkCall, checkFlag, show } from '@ambit/core/lowlevel';
import { cancellable } from '../cancellable.ts';
import type { WaitOptions } from '../cancellable.ts';
import { checkEncoding, checkMode } from '../check.ts';
import { fileCall } from './file-call.ts';
import { placeOf } from './file-path.ts';
import type { FilePath } from './file-path.ts';
import { replaceFile } from './replace-file.ts';

/** Options for {@link writeFile}. */
export interface WriteFileOptions extends WaitOptions {
  /**
   * Replaces the file at once: a reader always finds the old content or the new one, whole, also after a
   * crash. Default: false, the file is emptied and written.
   */
  readonly atomic?: boolean | undefined;
  /** Of a text. Default 'utf8'. */
  readonly encoding?: BufferEncoding | undefined;
  /** The permission bits of a file that is created, less the umask. Default 0o666. */
  readonly mode?: number | undefined;
  /** As Node's; default 'w'. Not with `atomic`. */
  readonly flag?: string | number | undefined;
}

/**
 * Writes a whole file. Cancelled, it stops between two pieces: without `atomic` a part may be written; with `atomic`
 * nothing is, and the temporary file beside it (`.name.….tmp`) is removed. An atomic write keeps owner and permission bits
 * of the file that is there, and follows links as the other does; a process that is killed may leave its temporary file.
 * Waits until it is written.
 *
 * @param data - a text, or bytes
 * @param options - `atomic`, `encoding`, `mode`, `flag`: see there; `signal`
 * @param path - of the file
 * @throws (rejects) Node's errors, with `code` and `path`; the ambient scope's CancelledError; `signal.reason`
 * @example
 * await writeFile('settings.json', JSON.stringify(settings), { atomic: true });
 */
export async function writeFile(
  path: FilePath,
  data: string | Uint8Array,
  options?: WriteFileOptions,
): Promise<void> {
  const place = placeOf('writeFile', 'path', path);
  if (typeof data !== 'string' && !ArrayBuffer.isView(data)) {
    throw new TypeError(`writeFile: data is ${show(data)}; give a string or a Uint8Array`);
  }
  checkCall('writeFile', options);
  const { atomic = false, encoding, mode, flag, signal } = checked(options ?? {});
  await cancellable(
    (ending) => {
      const wait = { encoding, signal: ending };
      if (!atomic)
        return fileCall({ name: 'write', place }, () =>
          node.files.writeFile(place.path, data, { ...wait, mode, flag }),
        );
      return replaceFile(place, {
        mode,
        fill: (handle) => fileCall({ name: 'write', place }, () => handle.writeFile(data, wait)),
      });
    },
    { signal },
  );
}

function checked(options: WriteFileOptions): WriteFileOptions {
  const { atomic, encoding, mode, flag } = options;
  checkFlag('writeFile', 'atomic', atomic);
  checkMode('writeFile', mode);
  checkEncoding('writeFile', encoding);
  if (atomic !== true || flag === undefined) return options;
  throw new TypeError(`writeFile: flag is ${show(flag)}; an atomic write takes none`);
}
