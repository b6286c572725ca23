import { enter, park } from '@ambit/core/lowlevel';
import { fileURLToPath } from 'node:url';
import type { WaitOptions } from '../cancellable.ts';
import { show } from '../check.ts';
import { withPath } from './file-errors.ts';

/** Where a file is: a path, or a `file:` URL. */
export type FilePath = string | URL;

export function pathOf(where: string, argument: string, path: unknown): string {
  if (typeof path === 'string') return path;
  // By tag: the URL may be of another realm.
  if (Object.prototype.toString.call(path) === '[object URL]') return fileURLToPath(path as URL);
  throw new TypeError(`${where}: ${argument} is ${show(path)}; give a path, or a file: URL`);
}

/**
 * A call of node:fs, which cannot be taken back: cancelled meanwhile, it is waited for all the same, so that it does not
 * outlive its scope, and its value is kept. The next checkpoint throws.
 *
 * @param name - what is done, in the task tree
 * @param path - is given to an error that has none
 */
export async function fileCall<T>(
  name: string,
  path: string,
  options: WaitOptions | undefined,
  start: () => Promise<T>,
): Promise<T> {
  enter(options);
  return park<T>(
    (waker) => {
      start().then(
        (value) => waker.wake(value),
        (error: unknown) => waker.fail(withPath(error, path)),
      );
    },
    { shield: true, name: () => `${name} ${path}` },
  );
}
