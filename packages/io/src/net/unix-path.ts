import { park } from '@ambit/core/lowlevel';
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import * as net from 'node:net';
import { constants } from 'node:os';
import * as path from 'node:path';
import { checkString } from '../check.ts';
import { codeOf } from '../errors.ts';

/** Bytes that a socket's address has room for. What is longer would be cut, silently. */
const LONGEST = process.platform === 'linux' ? 107 : 103;

/** Names that are no files: named pipes, and the abstract ones of Linux. */
function isFile(name: string): boolean {
  return process.platform !== 'win32' && !name.startsWith('\0');
}

export function checkUnixPath(where: string, name: unknown): asserts name is string {
  checkString(where, 'path', name);
  const size = Buffer.byteLength(name as string);
  if (process.platform === 'win32' || size <= LONGEST) return;
  throw new RangeError(
    `${where}: path is ${String(name)}, ${size} bytes; the system takes at most ${LONGEST}: give a shorter one`,
  );
}

/**
 * The file of a socket that is listened on. The socket is bound under another name, and gets its own once it listens:
 * so none is replaced that lives, nobody meets one that does not listen yet, and the system, which removes what it
 * bound without looking whose it is by now (rule 263), removes nothing.
 */
export class UnixPath {
  readonly #path: string;
  readonly #bound: string;
  #identity: string | undefined;

  constructor(name: string) {
    this.#path = name;
    this.#bound = isFile(name) ? siblingOf(name) : name;
  }

  /** The name to bind to. */
  get bound(): string {
    return this.#bound;
  }

  /**
   * Gives the socket, which listens by now, its name; that of a socket that nobody listens on any more is taken over.
   *
   * @throws (rejects) EADDRINUSE if somebody does, or if there is a file that is none
   */
  async claim(): Promise<void> {
    if (!isFile(this.#path)) return;
    try {
      this.#identity = identityOf(this.#bound);
      await this.#rename();
    } catch (error) {
      this.#identity = undefined;
      fs.rmSync(this.#bound, { force: true });
      throw error;
    }
  }

  async #rename(): Promise<void> {
    try {
      // Not `rename`, which would replace what is there.
      fs.linkSync(this.#bound, this.#path);
      fs.unlinkSync(this.#bound);
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
      if (await isLive(this.#path)) throw inUse(this.#path);
      fs.renameSync(this.#bound, this.#path);
    }
  }

  /** Removes the file, if it is still that of this socket. */
  release(): void {
    if (this.#identity === undefined) return;
    if (identityOf(this.#path) === this.#identity) fs.rmSync(this.#path, { force: true });
    this.#identity = undefined;
  }

  /** One of Node's errors, as if there was only the name that the caller knows. */
  renameIn(error: unknown): unknown {
    if (codeOf(error) === undefined || this.#bound === this.#path) return error;
    const named = error as Error;
    const message = named.message.replaceAll(this.#bound, this.#path);
    return Object.assign(named, { message, address: this.#path });
  }
}

// No longer than the name itself, if that can be.
function siblingOf(name: string): string {
  const length = Math.min(Math.max(path.basename(name).length - 1, 5), 12);
  const random = randomBytes(length).toString('hex').slice(0, length);
  return path.join(path.dirname(name), `.${random}`);
}

function identityOf(name: string): string | undefined {
  const stat = fs.lstatSync(name, { bigint: true, throwIfNoEntry: false });
  return stat === undefined ? undefined : `${stat.dev}:${stat.ino}`;
}

/** Whether somebody listens there; a file that is no socket is not to be touched either. */
function isLive(name: string): Promise<boolean> {
  if (fs.lstatSync(name, { throwIfNoEntry: false })?.isSocket() === false) {
    return Promise.resolve(true);
  }
  return park<boolean>(
    (waker) => {
      const probe = net.connect(name);
      probe.once('connect', () => {
        probe.destroy();
        waker.wake(true);
      });
      // Refused: nobody listens. Gone: nor there. Anything else is no reason to take it.
      probe.once('error', (error) => {
        waker.wake(codeOf(error) !== 'ECONNREFUSED' && codeOf(error) !== 'ENOENT');
      });
      return () => probe.destroy();
    },
    { name: () => `see whether somebody listens at ${name}` },
  );
}

function inUse(name: string): Error {
  return Object.assign(new Error(`listen EADDRINUSE: address already in use ${name}`), {
    code: 'EADDRINUSE',
    errno: -constants.errno.EADDRINUSE,
    syscall: 'listen',
    address: name,
  });
}
