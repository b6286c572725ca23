import { throwIfCancelled, refusalOf } from '@ambit/core/lowlevel';
import type { Stats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { node } from '../node.ts';
import { codeOf } from '../errors.ts';
import { realWork } from '../real-work.ts';
import { behindLinks } from './behind-links.ts';
import { fileError, insteadOf, withPath } from './file-errors.ts';
import type { Place } from './file-path.ts';

export interface Replacement {
  /** The permission bits of a file that is created, less the umask; default 0o666. One that is there keeps its own. */
  readonly mode?: number | undefined;
  /** The file that is copied: its bits, less the umask, also in the place of another file. */
  readonly source?: Stats | undefined;
  /** Writes the new content; may wait, and be cancelled. */
  readonly fill: (handle: FileHandle) => Promise<void>;
}

interface Target {
  readonly path: string;
  /** Of the file that is replaced. */
  readonly old: Stats | undefined;
}

/**
 * Puts a file in the place of another at once: it is written beside it, and has reached the disk before it gets the
 * name. Until then a failure or a cancellation leaves everything as it was; from then on it counts.
 */
export function replaceFile(place: Place, replacement: Replacement): Promise<void> {
  return realWork(() => replace(place, replacement));
}

async function replace(place: Place, replacement: Replacement): Promise<void> {
  const refused = refusalOf('writeFile');
  if (refused !== undefined) return refused;
  const { path, old } = await targetOf(place);
  const dir = dirname(path);
  // Short enough for a file system whose names have 255 bytes at most: a character has up to three.
  const name = `.${basename(path).slice(0, 70)}.${process.pid}.${node.crypto.randomBytes(6).toString('hex')}.tmp`;
  const temporary = join(dir, name);
  try {
    await write(temporary, old, replacement);
    throwIfCancelled();
    await node.files.rename(temporary, path);
  } catch (error) {
    await node.files.rm(temporary, { force: true }).catch(() => undefined);
    throw insteadOf(error, place.given, [temporary, path]);
  }
  await syncFolder(dir);
}

async function write(path: string, old: Stats | undefined, how: Replacement): Promise<void> {
  const { source, fill } = how;
  const model = source ?? old;
  const mode = model === undefined ? how.mode : model.mode & 0o777;
  const handle = await node.files.open(path, 'wx', mode);
  try {
    await fill(handle);
    if (old !== undefined) await keepOwner(handle, old);
    // After the owner, which takes bits away.
    if (source !== undefined) await setBits(handle, source, (await handle.stat()).mode);
    else if (old !== undefined) await setBits(handle, old, old.mode);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Replaces the file behind a link, not the link. A file that may not be written to is not replaced either. */
async function targetOf({ given, path }: Place): Promise<Target> {
  try {
    const old = await fileAt(path);
    return { path: await behindLinks(path), old };
  } catch (error) {
    throw insteadOf(error, given);
  }
}

// By the path that was given: the system itself says whether its links may be followed.
async function fileAt(path: string): Promise<Stats | undefined> {
  try {
    const stats = await node.files.stat(path);
    if (stats.isDirectory())
      throw fileError('illegal operation on a directory', {
        code: 'EISDIR',
        syscall: 'open',
        path,
      });
    if (!stats.isFile())
      throw fileError('no regular file, so it cannot be replaced', {
        code: 'EINVAL',
        syscall: 'rename',
        path,
      });
    // Not `access`, which checks the user that started the process. It no longer waits for the reader of a FIFO.
    await (
      await node.files.open(path, node.fs.constants.O_WRONLY | node.fs.constants.O_NONBLOCK)
    ).close();
    return stats;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function keepOwner(handle: FileHandle, { uid, gid }: Stats): Promise<void> {
  const own = await handle.stat();
  if (own.uid === uid && own.gid === gid) return;
  // Only root can give files away; another user's file is theirs now, in its group if they belong to it.
  await handle
    .chown(uid, gid)
    .catch(() => handle.chown(own.uid, gid))
    .catch(() => undefined);
}

/** Programs run as their owner by setuid: not as the owner that the file has now. */
async function setBits(handle: FileHandle, model: Stats, mode: number): Promise<void> {
  const { uid, gid, mode: now } = await handle.stat();
  const asOwner = uid === model.uid ? model.mode & 0o4000 : 0;
  const asGroup = gid === model.gid ? model.mode & 0o2000 : 0;
  const bits = (mode & 0o1777) | asOwner | asGroup;
  if ((now & 0o7777) !== bits) await handle.chmod(bits);
}

const UNSYNCABLE = new Set(['EISDIR', 'EPERM', 'EACCES', 'EINVAL', 'ENOTSUP']);

/** A name has reached the disk when its directory has. Not every system can tell. */
async function syncFolder(path: string): Promise<void> {
  try {
    const handle = await node.files.open(path, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (!UNSYNCABLE.has(codeOf(error) ?? '')) throw withPath(error, path);
  }
}
