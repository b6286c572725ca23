import { watch as watchFiles } from 'node:fs';
import { checkSignal } from '../cancellable.ts';
import type { WaitOptions } from '../cancellable.ts';
import { checkOptions } from '../check.ts';
import { EventStream } from '../events/event-stream.ts';
import { pathOf } from './file-call.ts';
import type { FilePath } from './file-call.ts';

/** What `watch` takes besides. */
export interface WatchOptions extends WaitOptions {
  /** The folders below as well, where Node can. Default: false. */
  readonly recursive?: boolean | undefined;
}

/** A change, as Node's `fs.watch` tells it. */
export interface FileChange {
  /** 'rename': something came, went, or has another name; 'change': its content or attributes did. */
  readonly eventType: 'rename' | 'change';
  /** In a folder: what changed. Null where the system does not say. */
  readonly filename: string | null;
}

/**
 * Iterates the changes of a file or of what is in a folder, from this call on, as Node's `fs.watch` tells them: some
 * twice, and none of a file that was replaced by another.
 *
 * @param options - `recursive`: see there; `signal`: aborting it ends the iteration with `signal.reason`
 * @param path - of a file or a folder
 * @returns the changes, as they come
 * @throws (`next` rejects) Node's errors, with `code` and `path`; the ambient scope's CancelledError; `signal.reason`
 * @example
 * for await (const { filename } of watch('settings')) await reload(filename);
 */
export function watch(path: FilePath, options?: WatchOptions): EventStream<FileChange> {
  const name = pathOf('watch', 'path', path);
  checkOptions('watch', options);
  const { recursive, signal } = options ?? {};
  checkSignal('watch', signal);
  return changesOf(name, { label: `a change of ${name}`, recursive, signal });
}

interface ChangesOptions extends WatchOptions {
  /** What is waited for, in the task tree. */
  readonly label: string;
}

export function changesOf(
  path: string,
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
  try {
    const watcher = watchFiles(path, { recursive, encoding: 'utf8' });
    stop = () => watcher.close();
    watcher.on('change', (eventType: FileChange['eventType'], filename: string | null) =>
      changes._put({ eventType, filename }),
    );
    watcher.on('error', (error) => changes._fail(error));
  } catch (error) {
    // As with all that waits: who iterates is told.
    changes._fail(error);
  }
  return changes;
}
