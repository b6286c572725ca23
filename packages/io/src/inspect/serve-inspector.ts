import { shield, sleepForever } from '@ambit/core';
import { checkName, checkOptions, checkSignal, park, throwIfCancelled } from '@ambit/core/lowlevel';
import type { Server } from 'node:http';
import * as path from 'node:path';
import { under } from '../cancellable.ts';
import type { WaitOptions } from '../cancellable.ts';
import { checkUnixPath, resolved, UnixPath } from '../net/unix-path.ts';
import { node } from '../node.ts';
import { answer } from './answer.ts';
import { checkFolder, inspectorFolder, safeFolder } from './folder.ts';
import { VitalSigns } from './vital-signs.ts';

/** Options for {@link serveInspector}. @beta */
export interface ServeInspectorOptions extends WaitOptions {
  /** The path of the socket. Default: the id of the process, in {@link inspectorFolder}. */
  readonly path?: string | undefined;
  /** Shown by `ambit ps`. Default: the name of the program's file. */
  readonly name?: string | undefined;
}

const WHERE = 'serveInspector';

/**
 * Lets programs of the same user look into this one, by the command `ambit` or by HTTP on a unix socket, until it is
 * cancelled: the tree of tasks, what they wait for, deadlocks, and traces. They change nothing in it, and see no values. Spawn it as a daemon: an
 * idle inspector does not keep the process alive.
 *
 * The socket is in a directory that only this user may enter, and its file is removed at the end.
 *
 * @beta
 * @param options - `path` of the socket, in a directory of mode 700; `name`; `signal`: ends it too
 * @returns never: it ends by being cancelled, or by an error
 * @throws (rejects) the ambient scope's CancelledError; `signal.reason`; an Error if others may enter the directory; Node's error
 *   `EADDRINUSE` if another program listens at the path; TypeError, RangeError for bad arguments
 * @example
 * await run(async (group) => {
 *   group.spawn(() => serveInspector(), { name: 'inspector', daemon: true });
 *   await serve();
 * });
 */
export async function serveInspector(options?: ServeInspectorOptions): Promise<never> {
  checkOptions(WHERE, options);
  const { name = path.basename(process.argv[1] ?? 'node'), path: given } = options ?? {};
  checkName(WHERE, name);
  if (given !== undefined) checkUnixPath(WHERE, given);
  checkSignal(WHERE, options?.signal);
  return under(options?.signal, () => serve(name, given));
}

async function serve(name: string, given: string | undefined): Promise<never> {
  throwIfCancelled();
  const file = new UnixPath(given ?? usualPath());
  checkFolder(WHERE, path.dirname(resolved(file.path)));
  const signs = new VitalSigns(name);
  const server = node.http.createServer((request, response) => {
    answer(signs, request, response);
  });
  try {
    await listen(server, file);
    return await sleepForever();
  } finally {
    await shield(() => close(server, file));
    signs[Symbol.dispose]();
  }
}

function usualPath(): string {
  return path.join(safeFolder(WHERE, inspectorFolder()), `${String(process.pid)}.sock`);
}

async function listen(server: Server, file: UnixPath): Promise<void> {
  try {
    await park<void>(
      (waker) => {
        server.once('error', (error) => waker.fail(error));
        server.listen({ path: file.bound }, () => waker.wake());
      },
      { name: 'the socket of the inspector', shield: true },
    );
    node.fs.chmodSync(file.bound, 0o600);
    await file.claim();
  } catch (error) {
    throw file.renameIn(error);
  }
  // The program ends as it would without it.
  server.unref();
  server.on('connection', (socket) => {
    socket.unref();
  });
}

async function close(server: Server, file: UnixPath): Promise<void> {
  file.release();
  if (!server.listening) return;
  await park<void>((waker) => {
    server.close(() => waker.wake());
    server.closeAllConnections();
  });
}
