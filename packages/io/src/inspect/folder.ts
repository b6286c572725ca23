import * as path from 'node:path';
import { node } from '../node.ts';

/**
 * Returns the directory of the sockets of this user's programs: `$XDG_RUNTIME_DIR/ambit`, or one in the directory for
 * temporary files. It need not exist.
 *
 * @beta
 * @returns its path
 * @example
 * console.log(inspectorFolder()); // /run/user/1000/ambit
 */
export function inspectorFolder(): string {
  const runtime = process.env['XDG_RUNTIME_DIR'];
  if (runtime !== undefined && path.isAbsolute(runtime)) return path.join(runtime, 'ambit');
  return path.join(node.os.tmpdir(), `ambit-${String(node.os.userInfo().uid)}`);
}

/** Makes the directory, if it is not there, and refuses one that others may enter or may have made. */
export function safeFolder(where: string, folder: string): string {
  node.fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  checkFolder(where, folder);
  return folder;
}

export function checkFolder(where: string, folder: string): void {
  // Not `stat`: a link may lead to a directory that is ours today and another user's tomorrow.
  const stat = node.fs.lstatSync(folder);
  if (process.platform === 'win32') return;
  const isOurs = stat.isDirectory() && stat.uid === node.os.userInfo().uid;
  if (isOurs && (stat.mode & 0o777) === 0o700) return;
  const mode = (stat.mode & 0o777).toString(8);
  throw new Error(
    `${where}: ${folder} is no directory of this user alone (owner ${stat.uid}, mode ${mode}${stat.isSymbolicLink() ? ', a link' : ''}); remove it, or set its mode to 700`,
  );
}
