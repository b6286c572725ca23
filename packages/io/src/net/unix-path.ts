import { sleep } from '@ambit/core';
import { park } from '@ambit/core/lowlevel';
import * as path from 'node:path';
import { node } from '../node.ts';
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
  if (process.platform === 'win32' || fits(reachable(resolved(name as string)))) return;
  throw new RangeError(
    `${where}: path is ${String(name)}, ${Buffer.byteLength(name as string)} bytes; the system takes at most ${LONGEST}: give a shorter one`,
  );
}

/** Where a relative name leads now, also if the working directory changes later. */
export function resolved(name: string): string {
  return isFile(name) ? path.resolve(name) : name;
}

/** How the system is told of a resolved name: from the working directory, if it is too long otherwise. */
export function reachable(name: string): string {
  if (!isFile(name) || fits(name)) return name;
  // With a dot in front: Node takes what looks like a number for a port.
  return `./${path.relative('', name)}`;
}

function fits(name: string): boolean {
  return Buffer.byteLength(name) <= LONGEST;
}

/**
 * The file of a socket that is listened on. The socket is bound under another name, and gets its own once it listens:
 * so none is replaced that lives, no process meets one that does not listen yet, and the system, which removes what it
 * bound without looking whose it is by now (rule 263), removes nothing.
 */
export class UnixPath {
  readonly #given: string;
  readonly #path: string;
  readonly #bound: string;
  readonly #reachable: string;
  /** Its number on its file system, which no other file gets while it is listened on. */
  #own: string | undefined;

  constructor(name: string) {
    this.#given = name;
    this.#path = resolved(name);
    this.#bound = isFile(name) ? siblingOf(this.#path, node.crypto.randomBytes(12)) : name;
    this.#reachable = reachable(this.#bound);
  }

  /** Its name, from any working directory. */
  get path(): string {
    return this.#path;
  }

  /** The name to bind to, now. */
  get bound(): string {
    return this.#reachable;
  }

  /**
   * Gives the socket, which listens by now, its name; that of a socket that no process listens on any more is taken over.
   *
   * @throws (rejects) EADDRINUSE if a process does, or if there is a file that is no socket
   */
  async claim(): Promise<void> {
    if (!isFile(this.#path)) return;
    try {
      this.#own = look(this.#bound)?.number;
      await this.#link(this.#path);
      node.fs.unlinkSync(this.#bound);
    } catch (error) {
      this.#own = undefined;
      node.fs.rmSync(this.#bound, { force: true });
      throw error;
    }
  }

  /**
   * Gives it one more name. To take that of a dead socket, it is linked to another first, which all processes that would do so have
   * to take: there is one for each dead socket, and a process that dies with it leaves a dead socket.
   */
  async #link(name: string): Promise<void> {
    // Not `rename`, which would replace what is there.
    while (!tryLink(this.#bound, name)) {
      const dead = await settled(name);
      if (await isLive(name)) throw inUse(this.#given);
      if (dead === undefined) continue;
      const claim = siblingOf(name, node.crypto.createHash('sha256').update(dead.number).digest());
      await this.#link(claim);
      // If not, another one was faster, and has given the claim back since.
      if (tryReplace(name, dead, claim)) return;
    }
  }

  /** Removes the file, if it is still that of this socket. */
  release(): void {
    if (this.#own === undefined) return;
    if (look(this.#path)?.number === this.#own) node.fs.rmSync(this.#path, { force: true });
    this.#own = undefined;
  }

  /** One of Node's errors, as if there was only the name that the caller knows. */
  renameIn(error: unknown): unknown {
    if (codeOf(error) === undefined || this.#bound === this.#path) return error;
    const named = error as Error;
    const message = named.message.replaceAll(this.#reachable, this.#given);
    return Object.assign(named, { message, address: this.#given });
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
    node.fs.linkSync(file, name);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Puts a file in the place of another, if that is still there; else removes it. */
function tryReplace(name: string, dead: Identity, file: string): boolean {
  let isDone = false;
  try {
    if (look(name)?.whole === dead.whole) {
      node.fs.renameSync(file, name);
      isDone = true;
    }
    return isDone;
  } finally {
    if (!isDone) node.fs.rmSync(file, { force: true });
  }
}

/** Which file it is that has a name. */
interface Identity {
  /** May be given to another file once this one is gone. */
  readonly number: string;
  /** With its times, so that it is no other file's. */
  readonly whole: string;
  readonly changedAt: number;
}

function look(name: string): Identity | undefined {
  const stat = node.fs.lstatSync(name, { bigint: true, throwIfNoEntry: false });
  if (stat === undefined) return undefined;
  const number = `${stat.dev}:${stat.ino}`;
  const whole = `${number}:${stat.birthtimeNs}:${stat.ctimeNs}`;
  return { number, whole, changedAt: Number(stat.ctimeMs) };
}

/** Milliseconds in which a file system may give two files the same time. */
const TICK = 20;

/** Which file it is; waits until another that gets its number cannot have its times as well. */
async function settled(name: string): Promise<Identity | undefined> {
  for (;;) {
    const identity = look(name);
    const age = identity === undefined ? Infinity : Date.now() - identity.changedAt;
    // Of the future: the clock was set back.
    if (age < 0 || age > TICK) return identity;
    await sleep(TICK - age + 1);
  }
}

/** Whether a process listens there; a file that is no socket is not to be touched either. */
function isLive(name: string): Promise<boolean> {
  if (node.fs.lstatSync(name, { throwIfNoEntry: false })?.isSocket() === false) {
    return Promise.resolve(true);
  }
  return park<boolean>(
    (waker) => {
      const probe = node.net.connect({ path: reachable(name) });
      probe.once('connect', () => {
        probe.destroy();
        waker.wake(true);
      });
      // Refused: no process listens. Gone: nor there. Anything else is no reason to take it.
      probe.once('error', (error) => {
        waker.wake(codeOf(error) !== 'ECONNREFUSED' && codeOf(error) !== 'ENOENT');
      });
      return () => probe.destroy();
    },
    { name: () => `see whether a process listens at ${name}` },
  );
}

function inUse(name: string): Error {
  return Object.assign(new Error(`listen EADDRINUSE: address already in use ${name}`), {
    code: 'EADDRINUSE',
    errno: -node.os.constants.errno.EADDRINUSE,
    syscall: 'listen',
    address: name,
  });
}
