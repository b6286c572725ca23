import { enter } from '@ambit/core/lowlevel';
import { randomBytes } from 'node:crypto';
import type { Stats } from 'node:fs';
import { open, readlink, realpath, rename, rm, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import process from 'node:process';
import { codeOf } from '../errors.ts';
import { fileError, inWordsOf, withPath } from './file-errors.ts';

export interface Replacement {
  /** The permission bits; default: those of the file that is replaced, or 0o666 less the umask. */
  readonly mode?: number | undefined;
  /** Writes the new content; may wait, and be cancelled. */
  readonly fill: (handle: FileHandle) => Promise<void>;
}

interface Target {
  readonly path: string;
  readonly stats: Stats | undefined;
}

/**
 * Puts a file in the place of another at once: it is written beside it, and has reached the disk before it gets the
 * name. Until then a failure or a cancellation leaves everything as it was; from then on it counts.
 */
export async function replaceFile(path: string, replacement: Replacement): Promise<void> {
  enter();
  const target = await targetOf(path);
  const { dir, base } = { dir: dirname(target.path), base: basename(target.path) };
  // Short enough for a file system whose names have 255 bytes at most: a character has up to three.
  const name = `.${base.slice(0, 70)}.${process.pid}.${randomBytes(6).toString('hex')}.tmp`;
  const temporary = join(dir, name);
  try {
    await write(temporary, target, replacement);
    enter();
    await rename(temporary, target.path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw inWordsOf(error, path);
  }
  await syncFolder(dir);
}

async function write(path: string, { stats }: Target, replacement: Replacement): Promise<void> {
  const { mode = stats && stats.mode & 0o7777, fill } = replacement;
  const handle = await open(path, 'wx', mode);
  try {
    await fill(handle);
    if (stats !== undefined) await keepOwner(handle, stats);
    // After the owner, which takes bits away, and since the umask has done so.
    if (mode !== undefined) await handle.chmod(mode);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** What a link stands for is replaced, not the link; and what may not be written to, is not replaced either. */
async function targetOf(path: string): Promise<Target> {
  try {
    const target = await realpath(path);
    const stats = await stat(target);
    if (stats.isDirectory())
      throw fileError('EISDIR', 'illegal operation on a directory', 'open', path);
    if (!stats.isFile())
      throw fileError('EINVAL', 'no regular file, so it cannot be replaced', 'rename', path);
    // Not `access`, which asks for the user who started the process.
    await (await open(target, 'r+')).close();
    return { path: target, stats };
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return { path: await behindLinks(path), stats: undefined };
    throw inWordsOf(error, path);
  }
}

/** Where a file comes to be that is not there yet: a link may stand for it. */
async function behindLinks(path: string): Promise<string> {
  try {
    return await behindLinks(resolve(dirname(path), await readlink(path)));
  } catch {
    // No link, or nothing at all.
    return path;
  }
}

async function keepOwner(handle: FileHandle, { uid, gid }: Stats): Promise<void> {
  const own = await handle.stat();
  if (own.uid === uid && own.gid === gid) return;
  // Only who may can give files away; for the others it is theirs now.
  await handle.chown(uid, gid).catch(() => undefined);
}

const UNSYNCABLE = new Set(['EISDIR', 'EPERM', 'EACCES', 'EINVAL', 'ENOTSUP']);

/** A name has reached the disk when its folder has. Not every system can tell. */
async function syncFolder(path: string): Promise<void> {
  try {
    const handle = await open(path, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (!UNSYNCABLE.has(codeOf(error) ?? '')) throw withPath(error, path);
  }
}
