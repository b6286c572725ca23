import { node } from '../node.ts';
import type { TaskGroup } from '@ambit/core';
import { checkCall, checkSignal, giveTo } from '@ambit/core/lowlevel';
import type { EventEmitter } from 'node:events';
import type { FileHandle } from 'node:fs/promises';
import { cancellable } from '../cancellable.ts';
import type { WaitOptions } from '../cancellable.ts';
import { checkMode } from '../check.ts';
import { fileCall } from './file-call.ts';
import type { FileCall } from './file-call.ts';
import { placeOf } from './file-path.ts';
import type { FilePath, Place } from './file-path.ts';
import { opening, ownReal } from '../ownership.ts';
import { realWork } from '../real-work.ts';

/** Options for {@link openFile}. */
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
  const place = placeOf('openFile', 'path', path);
  checkCall('openFile', options);
  checkMode('openFile', options?.mode);
  return openPlace(place, flags, options);
}

export function openPlace(
  place: Place,
  flags: string | number,
  options: OpenFileOptions | undefined,
): Promise<FileHandle> {
  return opening('openFile', async () => {
    const handle = await fileCall({ name: 'open', place, options }, () =>
      node.files.open(place.path, flags, options?.mode),
    );
    ownHandle(handle);
    makeCancellable(handle, place);
    return handle;
  });
}

function ownHandle(handle: FileHandle): void {
  const entry = { [Symbol.asyncDispose]: () => handle.close() };
  const holding = ownReal(entry);
  // Also if other code closes it: a stream that it was given to, for example.
  const emitter: object = handle;
  (emitter as EventEmitter).once('close', () => holding.release());
  Object.defineProperty(handle, giveTo, { value: (group: TaskGroup) => holding.moveTo(group) });
}

type Method = (...args: unknown[]) => Promise<unknown>;

// Not a proxy: the handle stays one that Node takes in its own functions.
function makeCancellable(handle: FileHandle, place: Place): void {
  const methods = handle as unknown as Record<string, Method>;
  const redefine = (name: string, make: (method: Method) => Method): void => {
    const method = methods[name] as Method;
    const value = make(method.bind(handle));
    Object.defineProperty(handle, name, { value, configurable: true, writable: true });
  };
  for (const name of METHODS) redefine(name, called(name, place));
  redefine('close', held);
  redefine(
    'readFile',
    (method) => (given) => stoppable({ name: 'readFile', place }, given, method),
  );
  redefine(
    'writeFile',
    (method) => (data, given) =>
      stoppable({ name: 'writeFile', place }, given, (all) => method(data, all)),
  );
}

function called(name: string, place: Place): (method: Method) => Method {
  return (method) =>
    (...args) =>
      fileCall({ name, place }, () => method(...args));
}

function held(method: Method): Method {
  return (...args) => realWork(() => method(...args));
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

async function stoppable(
  call: FileCall,
  options: unknown,
  start: (options: FileOptions) => Promise<unknown>,
): Promise<unknown> {
  const given = (typeof options === 'string' ? { encoding: options } : options) as FileOptions;
  checkSignal(call.name, (given as FileOptions | undefined)?.signal);
  return cancellable((signal) => fileCall(call, () => start({ ...given, signal })), given);
}
