import type { TaskGroup } from '@ambit/core';
import { checkCall, giveTo } from '@ambit/core/lowlevel';
import { join } from 'node:path';
import { node } from '../node.ts';
import type { WaitOptions } from '../cancellable.ts';
import { realWork } from '../real-work.ts';
import { fileCall } from './file-call.ts';
import { absolute } from './file-path.ts';
import { opening, ownReal } from '../ownership.ts';

/**
 * A file or a directory that is removed with its owner.
 *
 * @example
 * await using directory = await temporaryDirectory();
 * await writeFile(join(directory.path, 'notes'), text);
 */
export class TemporaryPath implements AsyncDisposable {
  /** Where it is. */
  readonly path: string;
  readonly #holding = ownReal(this);
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
    // On Windows a file cannot be removed while a program, for example a virus scanner, has it open.
    await realWork(() => node.files.rm(this.path, { recursive: true, force: true, maxRetries: 5 }));
    this.#holding.release();
  }

  /** @internal */
  [giveTo](group: TaskGroup): void {
    this.#holding.moveTo(group);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/**
 * Makes an empty directory in the system's directory for temporary files, for this user alone. It is removed, with all that is in it, by
 * the group around the call, or by `close()`.
 * Waits until it is there.
 *
 * @returns its path, and the way to remove it
 * @throws (rejects) Node's errors, with `code` and `path`; the ambient scope's CancelledError; `signal.reason`
 * @example
 * await using directory = await temporaryDirectory();
 * await writeFile(join(directory.path, 'notes'), text);
 */
export async function temporaryDirectory(options?: WaitOptions): Promise<TemporaryPath> {
  checkCall('temporaryDirectory', options);
  const prefix = join(absolute(node.os.tmpdir()), 'ambit-');
  return opening('temporaryDirectory', async () => {
    const path = await fileCall(
      { name: 'make the directory', place: { given: prefix, path: prefix }, options },
      () => node.files.mkdtemp(prefix),
    );
    return new TemporaryPath(path);
  });
}

/**
 * Makes an empty file in the system's directory for temporary files, for this user alone. It is removed by the group around the call,
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
  checkCall('temporaryFile', options);
  const path = join(
    absolute(node.os.tmpdir()),
    `ambit-${node.crypto.randomBytes(8).toString('hex')}`,
  );
  return opening('temporaryFile', async () => {
    await fileCall({ name: 'make', place: { given: path, path }, options }, async () => {
      const handle = await node.files.open(path, 'wx', 0o600);
      await handle.close();
    });
    return new TemporaryPath(path);
  });
}
