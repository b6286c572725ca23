import { moveOnAfter, sleepForever, throwIfCancelled } from '@ambit/core';
import type { TaskGroup } from '@ambit/core';
import { checkDuration, checkOptions, checkSignal, giveTo } from '@ambit/core/lowlevel';
import type { FileHandle } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { under } from '../cancellable.ts';
import type { WaitOptions } from '../cancellable.ts';
import type { EventStream } from '../events/event-stream.ts';
import { fileCall } from './file-call.ts';
import { insteadOf } from './file-errors.ts';
import { placeOf } from './file-path.ts';
import type { FilePath, Place } from './file-path.ts';
import { removeLock } from './lock-content.ts';
import { Contender } from './lock-contender.ts';
import { Heartbeat } from './lock-heartbeat.ts';
import { LONGEST_BEAT, newHolder } from './lock-holder.ts';
import type { Holder } from './lock-holder.ts';
import { opening, ownReal } from '../ownership.ts';
import { realWork } from '../real-work.ts';
import { changesOf } from './watch.ts';
import type { FileChange } from './watch.ts';

/** Options for {@link lockFile}. */
export interface LockFileOptions extends WaitOptions {
  /**
   * Milliseconds without a heartbeat after which a holder on another host, or in another PID namespace, counts as dead.
   * Default 30000; `Infinity`: never. A holder that blocks its thread for longer loses the lock to those.
   */
  readonly staleAfter?: number | undefined;
}

interface FileLockParts {
  readonly place: Place;
  readonly holder: Holder;
  readonly file: FileHandle;
}

/**
 * A lock that is held. Made by {@link lockFile}.
 *
 * @example
 * await using lock = await lockFile('data.json.lock');
 * console.log(`only here: ${lock.path}`);
 */
export class FileLock implements AsyncDisposable {
  /** That of the lock file, absolute. */
  readonly path: string;
  readonly #parts: FileLockParts;
  readonly #heartbeat: Heartbeat;
  readonly #holding = ownReal(this);
  #release: Promise<void> | undefined;

  /** @internal */
  constructor(parts: FileLockParts) {
    this.path = parts.place.path;
    this.#parts = parts;
    this.#heartbeat = new Heartbeat(parts.file, parts.holder);
  }

  /**
   * Gives the lock back, and removes its file; the second time does nothing. In a cancelled scope as well.
   * Waits until the file is removed.
   *
   * @throws (rejects) Node's errors, with `code` and `path`
   */
  release(): Promise<void> {
    this.#release ??= realWork(() => this.#remove());
    return this.#release;
  }

  async #remove(): Promise<void> {
    const { place, holder } = this.#parts;
    await this.#heartbeat.stop();
    try {
      await removeLock(place.path, holder);
    } catch (error) {
      throw insteadOf(error, place.given);
    }
    this.#holding.release();
  }

  /** @internal */
  [giveTo](group: TaskGroup): void {
    this.#holding.moveTo(group);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release();
  }
}

/**
 * Waits until the caller holds a lock that other processes, threads and tasks ask for by the same path.
 * Advisory: it keeps out those that ask. The file is there while the lock is held, and says by which process and thread.
 * The lock of one that died is taken over: on this machine at once, from another host or PID namespace after
 * `staleAfter` without a heartbeat. The group around the call releases the lock at its end. Not reentrant: a task that
 * holds it and asks again waits for itself. Not on file systems without hard links.
 *
 * @param path - of a file for the lock alone, in a directory that exists: 'data.json.lock'; no link
 * @param options - `staleAfter`: see {@link LockFileOptions}; `signal`
 * @returns the lock
 * @throws (rejects) EEXIST if there is a file that is no lock; Node's errors, with `code` and `path`; the ambient scope's
 *   CancelledError, `signal.reason`: nothing is held then
 * @example
 * await using lock = await lockFile('data.json.lock');
 * await writeFile('data.json', change(await readFile('data.json', 'utf8')), { atomic: true });
 */
export async function lockFile(path: FilePath, options?: LockFileOptions): Promise<FileLock> {
  const place = placeOf('lockFile', 'path', path);
  checkOptions('lockFile', options);
  const { signal, staleAfter = 30_000 } = options ?? {};
  checkSignal('lockFile', signal);
  checkDuration('lockFile', 'staleAfter', staleAfter);
  const holder = newHolder(Math.min(LONGEST_BEAT, Math.max(staleAfter / 4, 10)));
  try {
    return await opening('lockFile', async () => {
      const file = await under(signal, () => acquire(place, holder, staleAfter));
      return new FileLock({ place, holder, file });
    });
  } catch (error) {
    throw insteadOf(error, place.given);
  }
}

async function acquire(place: Place, holder: Holder, staleAfter: number): Promise<FileHandle> {
  const contender = new Contender(holder, staleAfter);
  const attempt = (): Promise<FileHandle | undefined> =>
    fileCall({ name: 'take the lock', place }, () => contender.tryLock(place.path));
  const first = await attempt();
  if (first !== undefined) return first;
  // From before the next attempt: what changes after it, wakes.
  const folder = dirname(place.path);
  const changes = changesOf({ given: folder, path: folder }, { label: `the lock ${place.given}` });
  try {
    for (;;) {
      const file = await attempt();
      if (file !== undefined) return file;
      await untilChanged(changes, basename(place.path), Math.min(LOOK, holder.beat * 2));
    }
  } finally {
    await changes.close();
  }
}

/** How often to look whether the holder has died, which changes no file. */
const LOOK = 500;

async function untilChanged(
  changes: EventStream<FileChange>,
  name: string,
  look: number,
): Promise<void> {
  await moveOnAfter(look, async () => {
    for (;;) {
      const filename = await nextName(changes);
      if (filename === null || filename === name) return;
    }
  });
}

async function nextName(changes: EventStream<FileChange>): Promise<string | null> {
  try {
    const { done, value } = await changes.next();
    if (done !== true) return value.filename;
  } catch {
    throwIfCancelled();
  }
  // The system watches no more directories for us: there is only the time to go by.
  return sleepForever();
}
