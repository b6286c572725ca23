import { show } from '@ambit/core/lowlevel';
import { isAbsolute, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The location of a file: a path, or a `file:` URL. */
export type FilePath = string | URL;

/** A path, and where it led when it was given: `process.chdir` later changes nothing. */
export interface Place {
  /** As the caller wrote it: for errors and the task tree. */
  readonly given: string;
  /** Absolute. */
  readonly path: string;
}

export function placeOf(where: string, argument: string, path: unknown): Place {
  if (typeof path === 'string') return { given: path, path: absolute(path) };
  // By tag: the URL may be of another realm.
  if (Object.prototype.toString.call(path) === '[object URL]') {
    const given = fileURLToPath(path as URL);
    return { given, path: given };
  }
  throw new TypeError(`${where}: ${argument} is ${show(path)}; give a path, or a file: URL`);
}

export function absolute(path: string): string {
  if (path === '' || isAbsolute(path)) return path;
  try {
    if (process.platform === 'win32') return resolve(path);
    // Not `resolve`: to the system, `link/..` and `file/` are not what they look like.
    return `${process.cwd().replace(/\/$/, '')}/${path}`;
  } catch {
    // The current directory has been removed. The call fails in the system's words.
    return path;
  }
}
