import type { FileHandle } from 'node:fs/promises';
import { node } from '../node.ts';
import { codeOf } from '../errors.ts';
import { fileError } from './file-errors.ts';
import { parseHolder } from './lock-holder.ts';
import type { Holder } from './lock-holder.ts';

/** What is in a lock file. */
export interface LockContent {
  readonly text: string;
  /** Of this lock, among all that there ever were at its path. */
  readonly id: string;
  /** Undefined in an empty file, which a crash of the machine can leave. */
  readonly holder: Holder | undefined;
}

const LONGEST = 4096;

/** As long with each heartbeat: a process that reads while it is written finds one or the other, or a mixture that parses. */
export function textOf(holder: Holder, beats: number): string {
  return `${JSON.stringify({ ...holder, beats: String(beats).padStart(12, '0') })}\n`;
}

/**
 * Reads a lock file.
 *
 * @returns undefined if there is none
 * @throws (rejects) EEXIST if what is there is no lock, EISDIR if it is a directory
 */
export async function lockAt(path: string): Promise<LockContent | undefined> {
  try {
    await checkKind(path);
    // By now it may be a link, or a FIFO, which would be waited for.
    const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = node.fs.constants;
    const file = await node.files.open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    try {
      return await contentOf(file, path);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw codeOf(error) === 'ELOOP' ? noLock(path) : error;
  }
}

// Before it is opened: to open a device may do something.
async function checkKind(path: string): Promise<void> {
  const stats = await node.files.lstat(path);
  if (stats.isDirectory())
    throw fileError('is a directory', { code: 'EISDIR', syscall: 'lock', path });
  if (!stats.isFile()) throw noLock(path);
}

async function contentOf(file: FileHandle, path: string): Promise<LockContent> {
  const { ino, mtimeNs, size } = await file.stat({ bigint: true });
  const { buffer, bytesRead } = await file.read(Buffer.alloc(LONGEST));
  const text = buffer.toString('utf8', 0, bytesRead);
  // Some file systems have the size on the disk before the content: zeros, after a crash.
  if (size <= LONGEST && /^[\s\0]*$/.test(text)) {
    return { text, id: `${ino} ${mtimeNs}`, holder: undefined };
  }
  const holder = parseHolder(text);
  if (holder === undefined) throw noLock(path);
  return { text, id: holder.token, holder };
}

function noLock(path: string): Error {
  const what = 'file exists and is no lock; give a path for the lock alone, or remove it';
  return fileError(what, { code: 'EEXIST', syscall: 'lock', path });
}

/** Removes a lock file, unless it has another owner by now. */
export async function removeLock(path: string, { token }: Holder): Promise<void> {
  const found = await lockAt(path).catch((error: unknown) => {
    if (codeOf(error) !== 'EEXIST') throw error;
    return undefined;
  });
  if (found?.id === token) await node.files.rm(path, { force: true });
}
