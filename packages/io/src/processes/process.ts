import { moveOnAfter, shield } from '@ambit/core';
import { breathe, enter, park, ParkingLot } from '@ambit/core/lowlevel';
import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { spawn } from 'node:child_process';
import { statSync } from 'node:fs';
import process from 'node:process';
import type { Readable } from 'node:stream';
import type { ByteStream } from '../streams/byte-stream.ts';
import type { WaitOptions } from '../cancellable.ts';
import { checkOptions, show } from '../check.ts';
import { codeOf } from '../errors.ts';
import { NodeByteStream } from '../streams/node-stream.ts';
import { opening, own } from '../ownership.ts';
import type { Owner } from '../ownership.ts';
import { checkProcess } from './process-options.ts';
import type { ProcessOptions } from './process-options.ts';
import { ProcessTree } from './process-tree.ts';

/** How a process ended: by itself with a code, or by a signal. */
export interface ProcessEnd {
  /** Its exit code; null if a signal ended it. */
  readonly code: number | null;
  /** The signal that ended it, or null. */
  readonly signal: NodeJS.Signals | null;
}

/** Milliseconds in which what got a SIGKILL is gone, unless the system itself holds it up. */
const LAST_WAIT = 1000;

function ignore(): void {
  // With a listener, Node leaves what nobody has read yet in the pipe when the process exits.
}

/** @internal */
export interface ProcessParts {
  readonly child: ChildProcess & { readonly pid: number };
  readonly command: string;
  readonly killGrace: number;
  readonly tree: boolean;
}

/**
 * A child process. Made by {@link openProcess}.
 *
 * Disposing of it ends it: SIGTERM to its whole process group, after `killGrace` SIGKILL, and waits until it is reaped
 * and its streams are closed. What it still writes meanwhile is dropped. The group around `openProcess` does so at its
 * end.
 *
 * @example
 * await using child = await openProcess('make', ['all'], { stdout: 'inherit' });
 * const { code } = await child.wait();
 */
export class Process implements AsyncDisposable {
  /** Its number. */
  readonly pid: number;
  /** What it reads; undefined unless 'pipe'. */
  readonly stdin: ByteStream | undefined;
  /** What it writes; undefined unless 'pipe'. Still to be read after it has ended. */
  readonly stdout: ByteStream | undefined;
  /** What it writes to stderr; undefined unless 'pipe'. Still to be read after it has ended. */
  readonly stderr: ByteStream | undefined;
  readonly #parts: ProcessParts;
  readonly #tree: ProcessTree;
  readonly #owner: Owner | undefined;
  readonly #waiters = new ParkingLot<ProcessEnd>();
  #end: ProcessEnd | undefined;
  #isClosed = false;
  #closing: Promise<void> | undefined;

  /** @internal */
  constructor(parts: ProcessParts) {
    const { child, tree } = parts;
    this.#parts = parts;
    this.pid = child.pid;
    this.#tree = new ProcessTree(child.pid, tree, () => this.#releaseIfOver());
    child.on('exit', this.#onExit);
    child.on('close', this.#onClose);
    const { stdin, stdout, stderr } = child;
    if (stdin !== null)
      this.stdin = new NodeByteStream({ label: this.#label('stdin'), writable: stdin });
    this.stdout = this.#reading('stdout', stdout);
    this.stderr = this.#reading('stderr', stderr);
    // After its streams, so that it is closed before them: it shall not die of a closed pipe.
    this.#owner = own(this);
  }

  #reading(name: string, readable: Readable | null): ByteStream | undefined {
    if (readable === null) return undefined;
    readable.on('readable', ignore);
    return new NodeByteStream({ label: this.#label(name), readable });
  }

  #label(stream: string): string {
    return `${stream} of ${this.#name()}`;
  }

  #name(): string {
    return `${this.#parts.command} (process ${this.pid})`;
  }

  readonly #onExit = (code: number | null, signal: NodeJS.Signals | null): void => {
    this.#end = { code, signal };
    this.#tree.leaderExited();
    this.#waiters.unparkAll(this.#end);
  };

  readonly #onClose = (): void => {
    this.#isClosed = true;
    if (this.#tree.isAlive) this.#tree.forgetIfEmpty();
    this.#releaseIfOver();
  };

  /** Not before: what it has started, and left behind with streams of its own, ends with the group around. */
  #releaseIfOver(): void {
    if (this.#isClosed && !this.#tree.isAlive) this.#owner?.release(this);
  }

  /**
   * Waits until it has ended; any number may. It has then even if something that it started holds its output open.
   *
   * @returns how it ended, each time
   * @throws (rejects) the ambient scope's CancelledError, or `signal.reason`; the process goes on then
   */
  async wait(options?: WaitOptions): Promise<ProcessEnd> {
    checkOptions('wait', options);
    enter(options);
    if (this.#end === undefined) return this.#exited(options);
    await breathe();
    return this.#end;
  }

  #exited(options?: WaitOptions): Promise<ProcessEnd> {
    if (this.#end !== undefined) return Promise.resolve(this.#end);
    return this.#waiters.park({
      signal: options?.signal,
      name: () => `the end of ${this.#name()}`,
    });
  }

  /**
   * Sends a signal, to its whole process group unless `tree` is false. Does not wait.
   *
   * @returns false if it has ended
   * @throws Node's error: the signal is unknown, or it may not be sent
   */
  kill(signal: NodeJS.Signals): boolean {
    return this.#tree.signal(signal);
  }

  /**
   * Asks it to end: `kill('SIGTERM')`. Does not wait.
   *
   * @returns false if it has ended
   */
  terminate(): boolean {
    return this.kill('SIGTERM');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= shield(() => this.#close());
    await this.#closing;
  }

  async #close(): Promise<void> {
    const { child } = this.#parts;
    try {
      const ended = this._endTree();
      // After the signal: it shall not take this for the end of its work.
      child.stdin?.destroy();
      for (const readable of [child.stdout, child.stderr]) if (readable !== null) drain(readable);
      await ended;
    } finally {
      for (const stream of [this.stdin, this.stdout, this.stderr]) stream?.destroy();
      for (const stream of [this.stdin, this.stdout, this.stderr]) {
        await stream?.[Symbol.asyncDispose]();
      }
      this.#owner?.release(this);
    }
  }

  /** @internal Ends it and the rest of its group. What it has written can be read. */
  async _endTree(): Promise<void> {
    if (!this.#tree.isAlive) return;
    try {
      this.#tree.signal('SIGTERM');
      await moveOnAfter(this.#parts.killGrace, () => this.#whenEnded());
      this.#tree.signal('SIGKILL');
      await this.#exited();
      await moveOnAfter(LAST_WAIT, () => this.#tree.whenEmpty());
    } finally {
      if (this.#end !== undefined) this.#tree.forget();
    }
  }

  async #whenEnded(): Promise<void> {
    await this.#exited();
    await this.#tree.whenEmpty();
  }
}

/** It may have something to say at its end, and would wait for ever until somebody reads it. */
function drain(readable: Readable): void {
  const discard = (): void => {
    while (readable.read() !== null);
  };
  readable.on('readable', discard);
  discard();
}

/**
 * Starts a child process. It belongs to the group around the call, which ends it at its end; see {@link Process}.
 *
 * It leads a process group of its own, so that all of what it starts can be ended with it. A terminal's Ctrl-C does not
 * reach that group: inside `run()` the signal cancels the program, and so ends its children. When this process exits by
 * `process.exit()` or of an uncaught exception, its children are killed. They are left behind if it dies of a signal
 * that nobody handles, which inside `run()` only SIGKILL does.
 *
 * @param command - a path, or a name that is looked up in PATH
 * @param args - its arguments
 * @returns the process
 * @throws (rejects) Node's error if it cannot be started: ENOENT with the `path` of the command, or of the folder `cwd`;
 *   TypeError if an argument is not what it should be; the ambient scope's CancelledError or `signal.reason` on entry
 * @example
 * await using sort = await openProcess('sort', ['-n'], { stderr: 'inherit' });
 * await sort.stdin?.send('10\n9\n');
 * await sort.stdin?.sendEof();
 * for await (const bytes of sort.stdout ?? []) process.stdout.write(bytes);
 */
export async function openProcess(
  command: string,
  args: readonly string[] = [],
  options: ProcessOptions = {},
): Promise<Process> {
  checkProcess('openProcess', command, args, options);
  return opening('openProcess', () => startProcess(command, args, options));
}

/** Its arguments have been checked. */
export async function startProcess(
  command: string,
  args: readonly string[],
  options: ProcessOptions,
): Promise<Process> {
  enter(options);
  const { cwd, env, shell, killGrace = 5000 } = options;
  const { stdin = 'pipe', stdout = 'pipe', stderr = 'pipe' } = options;
  const tree = options.tree !== false && process.platform !== 'win32';
  const child = await spawnIn(command, args, {
    cwd,
    env,
    shell,
    stdio: [stdin, stdout, stderr],
    detached: tree,
    windowsHide: true,
  });
  // An error of a process that runs is about a signal that could not be sent, and the sender is told.
  child.on('error', ignore);
  const opened = new Process({ child, command, killGrace, tree });
  await breathe();
  return opened;
}

async function spawnIn(
  command: string,
  args: readonly string[],
  options: SpawnOptions,
): Promise<ProcessParts['child']> {
  try {
    const child = spawn(command, args, options);
    if (isStarted(child)) return child;
    throw await errorOf(child);
  } catch (error) {
    const { cwd } = options;
    // Node blames the command.
    if (cwd !== undefined && !isFolder(cwd)) {
      const path = String(cwd);
      throw notStarted(
        error,
        path,
        `cannot run ${command} in ${path}; give a cwd that is a folder`,
      );
    }
    if (codeOf(error) === 'ENOENT' && command.includes(' ')) {
      throw notStarted(
        error,
        command,
        `there is no command ${show(command)}; give its arguments in an array of their own`,
      );
    }
    throw error;
  }
}

function notStarted(cause: unknown, path: string, message: string): Error {
  const code = codeOf(cause) ?? 'ENOENT';
  return Object.assign(new Error(`${code}: ${message}`, { cause }), {
    code,
    path,
    syscall: 'spawn',
  });
}

function isStarted(child: ChildProcess): child is ProcessParts['child'] {
  return child.pid !== undefined;
}

function errorOf(child: ChildProcess): Promise<Error> {
  return park<Error>((waker) => void child.once('error', (error) => waker.wake(error)), {
    shield: true,
    name: 'the reason why a process could not be started',
  });
}

function isFolder(path: string | URL): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
