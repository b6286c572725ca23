import type { FSWatcher } from 'node:fs';
import { basename, dirname } from 'node:path';
import { node } from '../node.ts';

export type ChangeType = 'rename' | 'change';

/**
 * Watches a file by its path. The system watches the file itself: one that is put in its place, as editors and atomic
 * writes do, would be missed. So its directory is watched as well, and each time that the path leads to another file,
 * that one is watched.
 */
export class WatchedFile {
  readonly #path: string;
  readonly #onChange: (type: ChangeType, filename: string) => void;
  readonly #onError: (error: unknown) => void;
  readonly #directory: FSWatcher | undefined;
  #file: FSWatcher | undefined;
  #identity: string | undefined;

  /** @throws Node's error if there is no such file */
  constructor(
    path: string,
    onChange: (type: ChangeType, filename: string) => void,
    onError: (error: unknown) => void,
  ) {
    this.#path = path;
    this.#onChange = onChange;
    this.#onError = onError;
    this.#directory = this.#watchDirectory();
    try {
      this.#watchFile();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  close(): void {
    this.#file?.close();
    this.#directory?.close();
  }

  #watchDirectory(): FSWatcher | undefined {
    try {
      const watcher = node.fs.watch(dirname(this.#path), (type, filename) => {
        if (type !== 'rename') return;
        const isOurs = filename === null || filename === basename(this.#path);
        if (isOurs || identityOf(this.#path) !== this.#identity) this.#follow();
      });
      // It has been removed, and the file with it.
      watcher.on('error', () => watcher.close());
      return watcher;
    } catch {
      // For example it cannot be read: its files can.
      return undefined;
    }
  }

  #watchFile(): void {
    this.#identity = identityOf(this.#path);
    this.#file = node.fs.watch(this.#path, (type) => {
      if (identityOf(this.#path) === this.#identity) this.#tell(type);
      else this.#follow();
    });
    this.#file.on('error', () => this.#follow());
  }

  /** Watches the file that the path leads to by now. */
  #follow(): void {
    this.#file?.close();
    try {
      this.#watchFile();
    } catch (error) {
      // Gone: the directory tells when there is a new one.
      if (this.#identity !== undefined) this.#onError(error);
    }
    this.#tell('rename');
  }

  #tell(type: ChangeType): void {
    this.#onChange(type, basename(this.#path));
  }
}

// The number of a file that is gone is given to the next one.
function identityOf(path: string): string | undefined {
  const stats = node.fs.statSync(path, { bigint: true, throwIfNoEntry: false });
  return stats && `${stats.dev} ${stats.ino} ${stats.birthtimeNs}`;
}
