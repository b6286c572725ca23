import { moveOnAfter, sleepForever, throwIfCancelled } from '@ambit/core';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { checkSignal, under } from '../cancellable.ts';
import type { WaitOptions } from '../cancellable.ts';
import { checkOptions } from '../check.ts';
import { codeOf } from '../errors.ts';
import type { EventStream } from '../events/event-stream.ts';
import { fileCall, pathOf } from './file-call.ts';
import type { FilePath } from './file-call.ts';
import { fileError, inWordsOf } from './file-errors.ts';
import { forget, isDead, newHolder, parseHolder } from './lock-holder.ts';
import type { Holder } from './lock-holder.ts';
import { opening, own } from '../ownership.ts';
import { changesOf } from './watch.ts';
import type { FileChange } from './watch.ts';

/**
 * A lock that is held. Made by {@link lockFile}.
 *
 * @example
 * await using lock = await lockFile('data.json.lock');
 * console.log(`only here: ${lock.path}`);
 */
export class FileLock implements AsyncDisposable {
  /** That of the lock file. */
  readonly path: string;
  readonly #holder: Holder;
  readonly #owner = own(this);
  #release: Promise<void> | undefined;

  /** @internal */
  constructor(path: string, holder: Holder) {
    this.path = path;
    this.#holder = holder;
  }

  /**
   * Gives the lock back, and removes its file; the second time does nothing. In a cancelled scope as well.
   * Waits until it is gone.
   *
   * @throws (rejects) Node's errors, with `code` and `path`
   */
  release(): Promise<void> {
    this.#release ??= this.#remove();
    return this.#release;
  }

  async #remove(): Promise<void> {
    await releaseAt(this.path, this.#holder);
    forget(this.#holder);
    this.#owner?.release(this);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release();
  }
}

/**
 * Waits until this process holds a lock that other processes, and other tasks of this one, ask for by the same path.
 * Advisory: it keeps out who asks. The file is there while it is held, and says by whom; the lock of a process that died
 * on this host is taken over, by one. The group around the call releases it at its end. Not reentrant: who holds it and asks
 * again waits for itself. Not on file systems without hard links.
 *
 * @param path - of a file for the lock alone, in a folder that exists: 'data.json.lock'
 * @returns the lock
 * @throws (rejects) Node's errors, with `code` and `path`; the ambient scope's CancelledError, `signal.reason`: nothing is
 *   held then
 * @example
 * await using lock = await lockFile('data.json.lock');
 * await writeFile('data.json', change(await readFile('data.json', 'utf8')), { atomic: true });
 */
export async function lockFile(path: FilePath, options?: WaitOptions): Promise<FileLock> {
  const name = pathOf('lockFile', 'path', path);
  checkOptions('lockFile', options);
  checkSignal('lockFile', options?.signal);
  const holder = newHolder();
  try {
    return await opening('lockFile', async () => {
      await under(options?.signal, () => acquire(name, holder));
      return new FileLock(name, holder);
    });
  } catch (error) {
    forget(holder);
    throw inWordsOf(error, name);
  }
}

async function acquire(path: string, holder: Holder): Promise<void> {
  const attempt = (): Promise<boolean> =>
    fileCall('take the lock', path, undefined, () => tryLock(path, holder));
  if (await attempt()) return;
  // From before the next attempt: what changes after it, wakes.
  const changes = changesOf(dirname(path), { label: `the lock ${path}` });
  try {
    while (!(await attempt())) await untilChanged(changes, basename(path));
  } finally {
    await changes.close();
  }
}

/** How often to look whether the holder has died, which changes no file. */
const LOOK = 500;

async function untilChanged(changes: EventStream<FileChange>, name: string): Promise<void> {
  await moveOnAfter(LOOK, async () => {
    for (;;) {
      const filename = await nextName(changes);
      if (filename === null || filename === name) return;
    }
  });
}

async function nextName(changes: EventStream<FileChange>): Promise<string | null> {
  try {
    const { done, value } = await changes.next();
    if (done !== true) return value.filename;
  } catch {
    throwIfCancelled();
  }
  // The system watches no more folders for us: there is only the time to go by.
  return sleepForever();
}

/**
 * Takes a lock if nobody holds it. The file comes into being with its content (`link`), so nobody finds half of it. A
 * dead holder's file is replaced by whoever holds the lock on replacing it, which is named after its token: there is one,
 * even if others still look at the file that was there before. That lock is taken in the same way, so that one who dies
 * with it stops nobody.
 */
async function tryLock(path: string, holder: Holder): Promise<boolean> {
  const other = await holderOf(path);
  if (other === undefined) return place(path, holder, create);
  if (!isDead(other)) return false;
  const claim = `${path}.${other.token}`;
  if (!(await tryLock(claim, holder))) return false;
  try {
    // Another one was faster, and has given its claim back since.
    if ((await holderOf(path))?.token !== other.token) return false;
    return await place(path, holder, replace);
  } finally {
    await rm(claim, { force: true });
  }
}

async function holderOf(path: string): Promise<Holder | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  const holder = parseHolder(text);
  if (holder !== undefined) return holder;
  throw fileError(
    'EEXIST',
    'file exists and is no lock; give a path for the lock alone, or remove it',
    'lock',
    path,
  );
}

async function place(
  path: string,
  holder: Holder,
  put: (from: string, to: string) => Promise<boolean>,
): Promise<boolean> {
  const written = `${path}.${holder.token}.new`;
  try {
    await writeFile(written, `${JSON.stringify(holder)}\n`, { flag: 'wx' });
    return await put(written, path);
  } finally {
    await rm(written, { force: true });
  }
}

async function create(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

async function replace(from: string, to: string): Promise<boolean> {
  await rename(from, to);
  return true;
}

async function releaseAt(path: string, holder: Holder): Promise<void> {
  // Removed by hand, and somebody else's by now?
  if ((await holderOf(path))?.token === holder.token) await rm(path, { force: true });
}
