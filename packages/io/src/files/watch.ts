import { checkFlag, checkOptions, checkSignal } from '@ambit/core/lowlevel';
import { node } from '../node.ts';
import type { WaitOptions } from '../cancellable.ts';
import { EventStream } from '../events/event-stream.ts';
import { inWordsOf } from './file-errors.ts';
import { placeOf } from './file-path.ts';
import type { FilePath, Place } from './file-path.ts';
import { WatchedFile } from './watched-file.ts';

/** Options for {@link watch}. */
export interface WatchOptions extends WaitOptions {
  /** The directories below as well, where Node can. Default: false. */
  readonly recursive?: boolean | undefined;
}

/** A change, as Node's `fs.watch` tells it. */
export interface FileChange {
  /** 'rename': something came, went, or has another name; 'change': its content or attributes did. */
  readonly eventType: 'rename' | 'change';
  /** In a directory: what changed. Null where the system does not tell. */
  readonly filename: string | null;
}

/**
 * Iterates the changes of a file or of what is in a directory, from this call on, as Node's `fs.watch` reports them: some
 * twice. That of a file goes on when the file is replaced, or removed and created again: by path, not by what the path
 * led to first.
 *
 * @param path - of a file or a directory that exists
 * @param options - `recursive`: see {@link WatchOptions}; `signal`: aborting it ends the iteration with `signal.reason`
 * @returns the changes, as they come
 * @throws (`next` rejects) Node's errors, with `code` and `path`; the ambient scope's CancelledError; `signal.reason`
 * @example
 * for await (const { filename } of watch('settings')) await reload(filename);
 */
export function watch(path: FilePath, options?: WatchOptions): EventStream<FileChange> {
  const place = placeOf('watch', 'path', path);
  checkOptions('watch', options);
  const { recursive, signal } = options ?? {};
  checkFlag('watch', 'recursive', recursive);
  checkSignal('watch', signal);
  return changesOf(place, { label: `a change of ${place.given}`, recursive, signal });
}

interface ChangesOptions extends WatchOptions {
  /** What is waited for, in the task tree. */
  readonly label: string;
}

export function changesOf(
  place: Place,
  { label, recursive = false, signal }: ChangesOptions,
): EventStream<FileChange> {
  let stop = (): void => undefined;
  const changes = new EventStream<FileChange>({
    label,
    limit: Infinity,
    onFull: 'drop-oldest',
    signal,
    stop: () => stop(),
  });
  const put: Put = (eventType, filename) => changes._put({ eventType, filename });
  const fail = (error: unknown): void => changes._fail(inWordsOf(error, place));
  try {
    stop = isDirectory(place.path)
      ? watchDirectory(place.path, { recursive, put, fail })
      : watchFile(place.path, put, fail);
  } catch (error) {
    // As with all that waits: the iteration is told.
    fail(error);
  }
  return changes;
}

type Put = (eventType: FileChange['eventType'], filename: string | null) => void;
type Fail = (error: unknown) => void;

interface DirectoryWatch {
  readonly recursive: boolean;
  readonly put: Put;
  readonly fail: Fail;
}

function watchDirectory(path: string, { recursive, put, fail }: DirectoryWatch): () => void {
  const watcher = node.fs.watch(path, { recursive, encoding: 'utf8' });
  watcher.on('change', put);
  watcher.on('error', fail);
  return () => watcher.close();
}

function watchFile(path: string, put: Put, fail: Fail): () => void {
  const file = new WatchedFile(path, put, fail);
  return () => file.close();
}

function isDirectory(path: string): boolean {
  return node.fs.statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
