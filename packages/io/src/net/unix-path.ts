import { park } from '@ambit/core/lowlevel';
import { createHash, randomBytes } from 'node:crypto';
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
    this.#bound = isFile(name) ? siblingOf(name, randomBytes(12)) : name;
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
      await this.#link(this.#path);
      fs.unlinkSync(this.#bound);
    } catch (error) {
      this.#identity = undefined;
      fs.rmSync(this.#bound, { force: true });
      throw error;
    }
  }

  /**
   * Gives it one more name. To take that of a dead socket, it is linked to another first, which all who would do so have
   * to take: there is one for each dead socket, and one who dies with it is a dead socket himself.
   */
  async #link(name: string): Promise<void> {
    // Not `rename`, which would replace what is there.
    while (!tryLink(this.#bound, name)) {
      const dead = identityOf(name);
      if (await isLive(name)) throw inUse(this.#path);
      if (dead === undefined) continue;
      const claim = siblingOf(name, createHash('sha256').update(dead).digest());
      await this.#link(claim);
      // If not, another one was faster, and has given the claim back since.
      if (tryReplace(name, dead, claim)) return;
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
function siblingOf(name: string, bytes: Buffer): string {
  const length = Math.min(Math.max(path.basename(name).length - 1, 5), 12);
  return path.join(path.dirname(name), `.${bytes.toString('hex').slice(0, length)}`);
}

/** Links a file to a name, if there is none of that name. */
function tryLink(file: string, name: string): boolean {
  try {
    fs.linkSync(file, name);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Puts a file in the place of another, if that is still there; else removes it. */
function tryReplace(name: string, identity: string, file: string): boolean {
  let isDone = false;
  try {
    if (identityOf(name) === identity) {
      fs.renameSync(file, name);
      isDone = true;
    }
    return isDone;
  } finally {
    if (!isDone) fs.rmSync(file, { force: true });
  }
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
