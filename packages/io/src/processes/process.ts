import { shield } from '@ambit/core';
import type { TaskGroup } from '@ambit/core';
import { giveTo, ParkingLot, show, yieldIfDue, refusalOf } from '@ambit/core/lowlevel';
import type { Readable, Writable } from 'node:stream';
import type { ByteStream } from '../streams/byte-stream.ts';
import type { WaitOptions } from '../cancellable.ts';
import { node } from '../node.ts';
import { own } from '../ownership.ts';
import type { Holding } from '../ownership.ts';
import { moveOnAfterReal, onPowerOff, realWork } from '../real-work.ts';
import { ProcessStream } from './process-stream.ts';
import { ProcessTree } from './process-tree.ts';
import type { Child } from './spawn-child.ts';

/** How a process ended: by itself with a code, or by a signal. */
export interface ProcessEnd {
  /** Its exit code; null if a signal ended it. */
  readonly code: number | null;
  /** The signal that ended it, or null. */
  readonly signal: NodeJS.Signals | null;
}

/** Milliseconds in which what got a SIGKILL is gone, unless the system itself holds it up. */
const LAST_WAIT = 1000;

/** @internal */
export interface ProcessParts extends Child {
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
  readonly #outputs: ProcessStream[] = [];
  readonly #tree: ProcessTree;
  readonly #holding: Holding;
  readonly #waiters = new ParkingLot<ProcessEnd>();
  #end: ProcessEnd | undefined;
  /** Its streams that are open still, and the process itself. */
  #open = 1;
  #closing: Promise<void> | undefined;

  /** @internal */
  constructor(parts: ProcessParts) {
    const { child, tree, stdin, stdout, stderr } = parts;
    this.#parts = parts;
    this.pid = child.pid;
    const forget = onPowerOff(() => this.#powerOff());
    this.#tree = new ProcessTree(child.pid, tree ? 'group' : 'single', () => {
      forget();
      this.#releaseIfOver();
    });
    child.on('exit', this.#onExit);
    child.on('close', this.#onClose);
    this.stdin = this.#writing(stdin);
    this.stdout = this.#reading('stdout', stdout);
    this.stderr = this.#reading('stderr', stderr);
    // After its streams, so that it is closed before them: it shall not die of a closed pipe.
    this.#holding = own(this);
  }

  #writing(writable: Writable | null): ByteStream | undefined {
    if (writable === null) return undefined;
    this.#count(writable);
    return new ProcessStream({ label: this.#label('stdin'), writable });
  }

  #reading(name: string, readable: Readable | null): ByteStream | undefined {
    if (readable === null) return undefined;
    this.#count(readable);
    const stream = new ProcessStream({ label: this.#label(name), readable });
    // With a listener, Node leaves unread bytes in the pipe when the process exits.
    stream._readAhead();
    this.#outputs.push(stream);
    return stream;
  }

  #count(stream: Readable | Writable): void {
    this.#open += 1;
    stream.on('close', this.#onClose);
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
    this.#open -= 1;
    if (this.#open > 0) return;
    if (this.#tree.isAlive) this.#tree.forgetIfEmpty();
    this.#releaseIfOver();
  };

  /** Not before: what it has started, and left behind with streams of its own, ends with the group around. */
  #releaseIfOver(): void {
    if (this.#open === 0 && !this.#tree.isAlive) this.#holding.release();
  }

  /**
   * Waits until it has ended; any number may. It has then even if something that it started holds its output open.
   *
   * @returns how it ended, each time
   * @throws (rejects) the ambient scope's CancelledError, or `signal.reason`; the process goes on then
   */
  async wait(options?: WaitOptions): Promise<ProcessEnd> {
    const refused = refusalOf('wait', options);
    if (refused !== undefined) return refused;
    if (this.#end === undefined) return realWork(() => this.#exited(options));
    await yieldIfDue();
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
   * @throws TypeError if the signal is unknown; Node's error if it may not be sent
   */
  kill(signal: NodeJS.Signals): boolean {
    checkSignalName(signal);
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

  /** @internal */
  [giveTo](group: TaskGroup): void {
    // In the order of the constructor, which has a reason.
    for (const stream of [this.stdin, this.stdout, this.stderr]) {
      if (stream !== undefined) group.adopt(stream);
    }
    this.#holding.moveTo(group);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= shield(() => realWork(() => this.#close()));
    await this.#closing;
  }

  /** The simulated host that it was started on has crashed. */
  #powerOff(): void {
    this.#tree.signal('SIGKILL');
    for (const stream of [this.stdin, this.stdout, this.stderr]) stream?.destroy();
  }

  async #close(): Promise<void> {
    const { stdin } = this.#parts;
    try {
      const ended = this._endTree();
      // After the signal: it shall not take this for the end of its work.
      stdin?.destroy();
      // It may have something to say at its end, and would wait forever until it is read.
      for (const stream of this.#outputs) stream._readAhead('and drops it');
      await ended;
    } finally {
      for (const stream of [this.stdin, this.stdout, this.stderr]) stream?.destroy();
      for (const stream of [this.stdin, this.stdout, this.stderr]) {
        await stream?.[Symbol.asyncDispose]();
      }
      this.#holding.release();
    }
  }

  /** @internal Ends it and the rest of its group. What it has written can be read. */
  async _endTree(): Promise<void> {
    if (!this.#tree.isAlive) return;
    try {
      this.#tree.signal('SIGTERM');
      await moveOnAfterReal(this.#parts.killGrace, () => this.#whenEnded());
      this.#tree.signal('SIGKILL');
      await this.#exited();
      await moveOnAfterReal(LAST_WAIT, () => this.#tree.whenEmpty());
    } finally {
      if (this.#end !== undefined) this.#tree.forget();
    }
  }

  async #whenEnded(): Promise<void> {
    await this.#exited();
    await this.#tree.whenEmpty();
  }
}

// Node sends SIGTERM for undefined, null and an empty string, and nothing for 0.
function checkSignalName(signal: unknown): void {
  if (typeof signal === 'string' && Object.hasOwn(node.os.constants.signals, signal)) return;
  throw new TypeError(`kill: signal is ${show(signal)}; give the name of a signal, as 'SIGTERM'`);
}
