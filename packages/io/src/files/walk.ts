import { node } from '../node.ts';
import { checkOptions, checkSignal } from '@ambit/core/lowlevel';
import type { Dir, Dirent } from 'node:fs';
import { join } from 'node:path';
import type { WaitOptions } from '../cancellable.ts';
import { codeOf } from '../errors.ts';
import { fileCall } from './file-call.ts';
import { placeOf } from './file-path.ts';
import type { FilePath, Place } from './file-path.ts';
import { Interruptible } from './interruptible.ts';
import { ownReal } from '../ownership.ts';
import { realWork } from '../real-work.ts';

/** A file or a directory that `walk` came to. */
export interface WalkEntry {
  /** Begins with the path that was given. */
  readonly path: string;
  /** Node's: what it is, and its name. */
  readonly entry: Dirent;
}

/**
 * Gives all that is in a directory and those below it: each directory's entries, then those of the directories in it. Links are not
 * followed. One directory at a time is open, and none once the loop has ended. A directory that vanishes meanwhile, or
 * makes way for a file, is passed over.
 *
 * @param directory - where to begin
 * @param options - `signal`: ends the iteration with `signal.reason`
 * @throws (`next` rejects) Node's errors, with `code` and `path`: EACCES for a directory that cannot be read; the ambient
 *   scope's CancelledError; `signal.reason`
 * @example
 * for await (const { path, entry } of walk('src')) if (entry.isFile()) console.log(path);
 */
export function walk(directory: FilePath, options?: WaitOptions): AsyncGenerator<WalkEntry, void> {
  const root = placeOf('walk', 'directory', directory);
  checkOptions('walk', options);
  checkSignal('walk', options?.signal);
  return new Interruptible(entriesBelow(root, options));
}

async function* entriesBelow(
  root: Place,
  options: WaitOptions | undefined,
): AsyncGenerator<WalkEntry, void> {
  const folders = [root];
  for (;;) {
    const folder = folders.pop();
    if (folder === undefined) return;
    const below: Place[] = [];
    for await (const entry of entriesOf(folder, folder === root ? 'root' : 'below', options)) {
      const inside = placeIn(folder, entry.name);
      if (entry.isDirectory()) below.push(inside);
      yield { path: inside.given, entry };
    }
    // The first of them is to come first.
    for (const place of below.reverse()) folders.push(place);
  }
}

function placeIn({ given, path }: Place, name: string): Place {
  return { given: join(given, name), path: join(path, name) };
}

async function* entriesOf(
  place: Place,
  level: 'root' | 'below',
  options: WaitOptions | undefined,
): AsyncGenerator<Dirent, void> {
  const folder = await openFolder(place, level, options);
  if (folder === undefined) return;
  let closing: Promise<void> | undefined;
  // Once: the group around may have done so.
  const handle = { [Symbol.asyncDispose]: () => (closing ??= realWork(() => folder.close())) };
  const holding = ownReal(handle);
  try {
    for (;;) {
      const entry = await fileCall({ name: 'read the directory', place, options }, () =>
        folder.read(),
      );
      if (entry === null) return;
      yield entry;
    }
  } finally {
    holding.release();
    await handle[Symbol.asyncDispose]();
  }
}

/** There is nothing of that name any more, or something that is no directory. */
const GONE = new Set<unknown>(['ENOENT', 'ENOTDIR']);

async function openFolder(
  place: Place,
  level: 'root' | 'below',
  options: WaitOptions | undefined,
): Promise<Dir | undefined> {
  try {
    return await fileCall({ name: 'open the directory', place, options }, () =>
      node.files.opendir(place.path),
    );
  } catch (error) {
    if (level === 'below' && GONE.has(codeOf(error))) return undefined;
    throw error;
  }
}
