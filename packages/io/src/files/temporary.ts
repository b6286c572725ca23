import { randomBytes } from 'node:crypto';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WaitOptions } from '../cancellable.ts';
import { checkOptions } from '../check.ts';
import { fileCall } from './file-call.ts';
import { opening, own } from '../ownership.ts';

/**
 * A file or a folder that is removed with its owner.
 *
 * @example
 * await using folder = await temporaryDirectory();
 * await writeFile(join(folder.path, 'notes'), text);
 */
export class TemporaryPath implements AsyncDisposable {
  /** Where it is. */
  readonly path: string;
  readonly #owner = own(this);
  #removal: Promise<void> | undefined;

  /** @internal */
  constructor(path: string) {
    this.path = path;
  }

  /**
   * Removes it, with all that is in it; the second time does nothing. In a cancelled scope as well.
   * Waits until it is gone.
   *
   * @throws (rejects) Node's errors, with `code` and `path`
   */
  close(): Promise<void> {
    this.#removal ??= this.#remove();
    return this.#removal;
  }

  async #remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
    this.#owner?.release(this);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/**
 * Makes an empty folder in the system's folder for such, for this user alone. It is removed, with all that is in it, by
 * the group around the call, or by `close()`.
 * Waits until it is there.
 *
 * @returns its path, and the way to remove it
 * @throws (rejects) Node's errors, with `code` and `path`; the ambient scope's CancelledError; `signal.reason`
 * @example
 * await using folder = await temporaryDirectory();
 * await writeFile(join(folder.path, 'notes'), text);
 */
export async function temporaryDirectory(options?: WaitOptions): Promise<TemporaryPath> {
  checkOptions('temporaryDirectory', options);
  const prefix = join(tmpdir(), 'ambit-');
  return opening('temporaryDirectory', async () => {
    const path = await fileCall('make the folder', prefix, options, () => mkdtemp(prefix));
    return new TemporaryPath(path);
  });
}

/**
 * Makes an empty file in the system's folder for such, for this user alone. It is removed by the group around the call,
 * or by `close()`.
 * Waits until it is there.
 *
 * @returns its path, and the way to remove it
 * @throws (rejects) Node's errors, with `code` and `path`; the ambient scope's CancelledError; `signal.reason`
 * @example
 * await using file = await temporaryFile();
 * await writeFile(file.path, image);
 */
export async function temporaryFile(options?: WaitOptions): Promise<TemporaryPath> {
  checkOptions('temporaryFile', options);
  const path = join(tmpdir(), `ambit-${randomBytes(8).toString('hex')}`);
  return opening('temporaryFile', async () => {
    await fileCall('make', path, options, async () => {
      const handle = await open(path, 'wx', 0o600);
      await handle.close();
    });
    return new TemporaryPath(path);
  });
}
