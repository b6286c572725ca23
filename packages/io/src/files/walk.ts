import type { Dir, Dirent } from 'node:fs';
import { opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { checkSignal } from '../cancellable.ts';
import type { WaitOptions } from '../cancellable.ts';
import { checkOptions } from '../check.ts';
import { codeOf } from '../errors.ts';
import { fileCall, pathOf } from './file-call.ts';
import type { FilePath } from './file-call.ts';
import { own } from '../ownership.ts';

/** A file or a folder that `walk` came to. */
export interface WalkEntry {
  /** Begins with the path that was given. */
  readonly path: string;
  /** Node's: what it is, and its name. */
  readonly entry: Dirent;
}

/**
 * All that is in a folder and those below it: each folder's entries, then those of the folders in it. Links are not
 * followed. One folder at a time is open, and none once the loop has ended. A folder that vanishes meanwhile, or
 * makes way for a file, is passed over.
 *
 * @param options - `signal`: ends the iteration with `signal.reason`
 * @throws (`next` rejects) Node's errors, with `code` and `path`: EACCES for a folder that cannot be read; the ambient
 *   scope's CancelledError; `signal.reason`
 * @example
 * for await (const { path, entry } of walk('src')) if (entry.isFile()) console.log(path);
 */
export function walk(folder: FilePath, options?: WaitOptions): AsyncGenerator<WalkEntry, void> {
  const root = pathOf('walk', 'folder', folder);
  checkOptions('walk', options);
  checkSignal('walk', options?.signal);
  return entriesBelow(root, options);
}

async function* entriesBelow(
  root: string,
  options: WaitOptions | undefined,
): AsyncGenerator<WalkEntry, void> {
  const folders = [root];
  for (;;) {
    const folder = folders.pop();
    if (folder === undefined) return;
    const below: string[] = [];
    for await (const entry of entriesOf(folder, folder === root, options)) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) below.push(path);
      yield { path, entry };
    }
    // The first of them is to come first.
    for (const path of below.reverse()) folders.push(path);
  }
}

async function* entriesOf(
  path: string,
  isRoot: boolean,
  options: WaitOptions | undefined,
): AsyncGenerator<Dirent, void> {
  const folder = await openFolder(path, isRoot, options);
  if (folder === undefined) return;
  let closing: Promise<void> | undefined;
  // Once: the group around may have done so.
  const handle = { [Symbol.asyncDispose]: () => (closing ??= folder.close()) };
  const owner = own(handle);
  try {
    for (;;) {
      const entry = await fileCall('read the folder', path, options, () => folder.read());
      if (entry === null) return;
      yield entry;
    }
  } finally {
    owner?.release(handle);
    await handle[Symbol.asyncDispose]();
  }
}

/** There is nothing of that name any more, or something that is no folder. */
const GONE = new Set<unknown>(['ENOENT', 'ENOTDIR']);

async function openFolder(
  path: string,
  isRoot: boolean,
  options: WaitOptions | undefined,
): Promise<Dir | undefined> {
  try {
    return await fileCall('open the folder', path, options, () => opendir(path));
  } catch (error) {
    if (!isRoot && GONE.has(codeOf(error))) return undefined;
    throw error;
  }
}
