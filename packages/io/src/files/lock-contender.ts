import type { FileHandle } from 'node:fs/promises';
import { node } from '../node.ts';
import { codeOf } from '../errors.ts';
import { lockAt } from './lock-content.ts';
import type { LockContent } from './lock-content.ts';
import { textOf } from './lock-content.ts';
import { stateOf } from './lock-holder.ts';
import type { Holder } from './lock-holder.ts';

/** Heartbeats that may fail to come, one after the other, of a holder that lives. */
const MISSED = 3;

interface Sight {
  readonly text: string;
  /** Since when it has been so, by the clock of this process: those of two hosts may differ. */
  readonly since: number;
}

/**
 * A caller that wants a lock.
 *
 * A lock file comes into being with its content (`link`), so no other process finds half of it. A dead holder's file is replaced by
 * the process that holds the lock on replacing it, which is named after what was found: there is one, even if others still
 * look at the file that was there before. That lock is taken in the same way, so that a process that dies with it does not stop the others.
 */
export class Contender {
  readonly #holder: Holder;
  readonly #staleAfter: number;
  readonly #sights = new Map<string, Sight>();

  /** @param staleAfter - milliseconds of silence after which a holder that cannot be looked at counts as dead */
  constructor(holder: Holder, staleAfter: number) {
    this.#holder = holder;
    this.#staleAfter = staleAfter;
  }

  /** Takes a lock if it is free. Gives its file, to be closed. */
  async tryLock(path: string): Promise<FileHandle | undefined> {
    const found = await lockAt(path);
    if (found === undefined) return this.#place(path, create);
    if (!this.#isStale(path, found)) return undefined;
    const claim = `${path}.${digest(found.id)}`;
    const claimed = await this.tryLock(claim);
    if (claimed === undefined) return undefined;
    try {
      // Another one was faster, and has given its claim back since; or the holder has come to life again.
      const isSame = (await lockAt(path))?.text === found.text;
      return isSame ? await this.#place(path, replace) : undefined;
    } finally {
      await claimed.close();
      await node.files.rm(claim, { force: true });
    }
  }

  #isStale(path: string, { holder, text }: LockContent): boolean {
    const state = holder === undefined ? 'dead' : stateOf(holder);
    if (holder === undefined || state !== 'unknown') return state === 'dead';
    const sight = this.#sights.get(path);
    const now = node.perfHooks.performance.now();
    if (sight?.text !== text) this.#sights.set(path, { text, since: now });
    else return now - sight.since > Math.max(this.#staleAfter, MISSED * holder.beat);
    return false;
  }

  async #place(
    path: string,
    put: (from: string, to: string) => Promise<boolean>,
  ): Promise<FileHandle | undefined> {
    const written = `${path}.${this.#holder.token}.new`;
    const file = await node.files.open(written, 'wx');
    let isPlaced = false;
    try {
      await file.writeFile(textOf(this.#holder, 0));
      isPlaced = await put(written, path);
    } finally {
      if (!isPlaced) await file.close();
      await node.files.rm(written, { force: true });
    }
    return isPlaced ? file : undefined;
  }
}

/** What was found in a file names no file: not as it is. */
function digest(id: string): string {
  return node.crypto.createHash('sha256').update(id).digest('hex').slice(0, 16);
}

async function create(from: string, to: string): Promise<boolean> {
  try {
    await node.files.link(from, to);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

async function replace(from: string, to: string): Promise<boolean> {
  await node.files.rename(from, to);
  return true;
}
