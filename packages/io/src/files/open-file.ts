import type { EventEmitter } from 'node:events';
import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';
import { cancellable } from '../cancellable.ts';
import type { WaitOptions } from '../cancellable.ts';
import { checkOptions } from '../check.ts';
import { fileCall, pathOf } from './file-call.ts';
import type { FilePath } from './file-call.ts';
import { opening, own } from '../ownership.ts';

/** What `openFile` takes besides. */
export interface OpenFileOptions extends WaitOptions {
  /** The permission bits of a file that is created. Default 0o666, less the umask. */
  readonly mode?: number | undefined;
}

/**
 * Opens a file. The handle is Node's own; the group around the call closes it. Each of its methods is a checkpoint: in a
 * cancelled scope it does nothing and rejects. A call that is under way is waited for, as nothing can take it back;
 * `readFile` and `writeFile` stop between two pieces.
 *
 * @param flags - as Node's; default 'r'
 * @param options - `mode`: see there; `signal`
 * @param path - of the file
 * @returns Node's FileHandle
 * @throws (rejects) Node's errors, with `code` and `path`; the ambient scope's CancelledError; `signal.reason`
 * @example
 * await using file = await openFile('data.bin');
 * const { bytesRead, buffer } = await file.read();
 */
export async function openFile(
  path: FilePath,
  flags: string | number = 'r',
  options?: OpenFileOptions,
): Promise<FileHandle> {
  const name = pathOf('openFile', 'path', path);
  checkOptions('openFile', options);
  return opening('openFile', async () => {
    const handle = await fileCall('open', name, options, () => open(name, flags, options?.mode));
    ownHandle(handle);
    makeCancellable(handle, name);
    return handle;
  });
}

function ownHandle(handle: FileHandle): void {
  const entry = { [Symbol.asyncDispose]: () => handle.close() };
  const owner = own(entry);
  // Whoever closes it: a stream that it was given to, say.
  const emitter: object = handle;
  (emitter as EventEmitter).once('close', () => owner?.release(entry));
}

type Method = (...args: unknown[]) => Promise<unknown>;

// Not a proxy: the handle stays one that Node takes in its own functions.
function makeCancellable(handle: FileHandle, path: string): void {
  const methods = handle as unknown as Record<string, Method>;
  const redefine = (name: string, make: (method: Method) => Method): void => {
    const method = methods[name] as Method;
    const value = make(method.bind(handle));
    Object.defineProperty(handle, name, { value, configurable: true, writable: true });
  };
  for (const name of METHODS) {
    redefine(
      name,
      (method) =>
        (...args) =>
          fileCall(name, path, undefined, () => method(...args)),
    );
  }
  redefine('readFile', (method) => (given) => stoppable('readFile', path, given, method));
  redefine(
    'writeFile',
    (method) => (data, given) => stoppable('writeFile', path, given, (all) => method(data, all)),
  );
}

const METHODS = [
  'appendFile',
  'chmod',
  'chown',
  'datasync',
  'read',
  'readv',
  'stat',
  'sync',
  'truncate',
  'utimes',
  'write',
  'writev',
];

interface FileOptions extends WaitOptions {
  encoding?: BufferEncoding | null;
}

function stoppable(
  name: string,
  path: string,
  options: unknown,
  start: (options: FileOptions) => Promise<unknown>,
): Promise<unknown> {
  const given = (typeof options === 'string' ? { encoding: options } : options) as FileOptions;
  return cancellable(
    (signal) => fileCall(name, path, undefined, () => start({ ...given, signal })),
    given,
  );
}
