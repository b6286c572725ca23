import { node } from '../node.ts';
import type { Stats } from 'node:fs';
import { basename, dirname, isAbsolute, join, sep } from 'node:path';
import { codeOf } from '../errors.ts';
import { fileError } from './file-errors.ts';

/** As many as Linux follows. */
const MOST_LINKS = 40;

/**
 * Follows links as the system does when it creates a file, also where nothing is there yet, and follows none that the
 * system forbids. A link counts from the real directory that it is in: that may itself be reached by a link.
 *
 * @returns the path of what is no link
 * @throws (rejects) EACCES for a forbidden link, EISDIR for a path with a slash at its end, ELOOP; Node's errors
 */
export async function behindLinks(path: string): Promise<string> {
  let next = path;
  for (let links = 0; links <= MOST_LINKS; links += 1) {
    if (next.endsWith(sep) || next.endsWith('/')) {
      throw fileError('illegal operation on a directory', {
        code: 'EISDIR',
        syscall: 'open',
        path,
      });
    }
    const folder = await node.files.realpath(dirname(next));
    const here = join(folder, basename(next));
    const target = await targetOf(here, folder);
    if (target === undefined) return here;
    next = isAbsolute(target) ? target : `${folder}/${target}`;
  }
  throw fileError('too many symbolic links encountered', { code: 'ELOOP', syscall: 'open', path });
}

async function targetOf(path: string, folder: string): Promise<string | undefined> {
  try {
    const link = await node.files.lstat(path);
    if (!link.isSymbolicLink()) return undefined;
    // Its owner is known before it is read: no other user can put another one in its place then.
    if (await isForbidden(link, folder))
      throw fileError('permission denied', { code: 'EACCES', syscall: 'open', path });
    return await node.files.readlink(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * The rule of Linux, `fs.protected_symlinks`: in a directory where all may write, but remove only what is theirs, a link
 * is followed by its owner alone, or if it is that of the directory's owner. The system applies it to one call; here it
 * takes several, between which links may be exchanged.
 */
async function isForbidden(link: Stats, folder: string): Promise<boolean> {
  if (link.uid === process.geteuid?.() || !(await isProtected())) return false;
  const { mode, uid } = await node.files.stat(folder);
  return (mode & 0o1002) === 0o1002 && uid !== link.uid;
}

async function isProtected(): Promise<boolean> {
  if (process.platform !== 'linux') return false;
  const setting = await node.files
    .readFile('/proc/sys/fs/protected_symlinks', 'utf8')
    .catch(() => '');
  return setting.trim() === '1';
}
