import { currentTask } from '@ambit/core';
import type { Task } from '@ambit/core';
import {
  checkOneOf,
  noteLoan,
  ParkingLot,
  ready,
  show,
  Tally,
  refusalOf,
} from '@ambit/core/lowlevel';
import type { Guard } from './guard-of.ts';
import { labelOf } from '../internal/options.ts';
import type { NameOptions, WaitOptions } from '../internal/options.ts';

/** Which callers go first when readers and writers wait. */
export type Preference = 'fifo' | 'readers' | 'writers';

/** Options for {@link ReadWriteLock}. */
export interface ReadWriteLockOptions extends NameOptions {
  /**
   * The order of readers and writers:
   * - `fifo` (default): first come, first served; a waiting writer holds back later readers
   * - `readers`: readers join readers at any time; writers may starve
   * - `writers`: before any reader; readers may starve
   */
  readonly preferring?: Preference | undefined;
}

/** Returned by {@link ReadWriteLock.statistics}. */
export interface ReadWriteLockStatistics {
  /** How many callers read. */
  readonly readers: number;
  /** The name of the task that writes; undefined if none does, or it was acquired outside of tasks. */
  readonly owner: string | undefined;
  /** Whether a writer holds it. */
  readonly writing: boolean;
  /** How many callers wait. */
  readonly waiting: number;
  /** The most callers that ever waited at one time. */
  readonly peak: number;
}

type Mode = 'read' | 'write';

/** The right to read or to write, waited for or held. */
class ReadWriteGuard implements Disposable {
  readonly mode: Mode;
  /** Its place among all requests. */
  readonly order: number;
  readonly task: Task<unknown> | undefined = currentTask();
  #giveBack: ((guard: ReadWriteGuard) => void) | undefined;
  /** In debug mode: warns if the task ends without giving it back. */
  #loan: Disposable | undefined;

  constructor(mode: Mode, order: number, giveBack: (guard: ReadWriteGuard) => void) {
    this.mode = mode;
    this.order = order;
    this.#giveBack = giveBack;
  }

  begin(label: string): this {
    if (this.task !== undefined) this.#loan = noteLoan(this.task, () => `the ${label}`);
    return this;
  }

  [Symbol.dispose](): void {
    const giveBack = this.#giveBack;
    this.#giveBack = undefined;
    this.#loan?.[Symbol.dispose]();
    giveBack?.(this);
  }
}

/**
 * Lets any number of callers read together, or one write alone. By default first come, first served, so that
 * no caller starves: a waiting writer holds back the readers behind it (as tokio's `RwLock`). Not reentrant,
 * and a reader cannot become a writer while it reads.
 *
 * @example
 * const lock = new ReadWriteLock({ name: 'routes' });
 * {
 *   using reading = await lock.read();
 *   answer(routes.get(path));
 * }
 */
export class ReadWriteLock {
  readonly #lots = {
    read: new ParkingLot<Guard, ReadWriteGuard>(),
    write: new ParkingLot<Guard, ReadWriteGuard>(),
  };
  readonly #waits = new Tally();
  readonly #preferring: Preference;
  readonly #label: string;
  /** The readers; none while a writer holds it. */
  readonly #readers = new Set<ReadWriteGuard>();
  #writer: ReadWriteGuard | undefined;
  #orders = 0;

  /**
   * @param options - `preferring`: `'fifo'` (default), `'readers'` or `'writers'`; `name`: shown in messages
   *   and in the task tree
   * @throws TypeError if an option is not what it should be
   */
  constructor(options?: ReadWriteLockOptions) {
    this.#lots.read.tally = this.#lots.write.tally = this.#waits;
    this.#label = labelOf('ReadWriteLock', 'read-write lock', options);
    const { preferring = 'fifo' } = options ?? {};
    checkOneOf('ReadWriteLock', 'preferring', preferring, ['fifo', 'readers', 'writers']);
    this.#preferring = preferring;
  }

  /**
   * Waits until no writer holds the lock and, by `preferring`, no caller is before this one. A checkpoint.
   *
   * @param options - `signal`: ends the wait too
   * @returns the guard: disposing it ends the reading, whichever task does it; the second time does nothing
   * @throws (rejects) the ambient scope's CancelledError or `signal.reason`, and then it is not taken
   */
  read(options?: WaitOptions): Promise<Guard> {
    return this.#acquire('read', options);
  }

  /**
   * Waits until the lock is free and, by `preferring`, no caller is before this one. A checkpoint.
   *
   * @param options - `signal`: ends the wait too
   * @returns the guard: disposing it ends the writing, whichever task does it; the second time does nothing
   * @throws (rejects) the ambient scope's CancelledError or `signal.reason`, and then it is not taken
   */
  write(options?: WaitOptions): Promise<Guard> {
    return this.#acquire('write', options);
  }

  /** Begins to read if that needs no waiting. @returns the guard, or undefined */
  tryRead(): Guard | undefined {
    return this.#tryAcquire('read');
  }

  /** Begins to write if that needs no waiting. @returns the guard, or undefined */
  tryWrite(): Guard | undefined {
    return this.#tryAcquire('write');
  }

  /** Returns a snapshot for diagnostics. */
  statistics(): ReadWriteLockStatistics {
    return {
      readers: this.#readers.size,
      writing: this.#writer !== undefined,
      owner: this.#writer?.task?.name,
      waiting: this.#waits.size,
      peak: this.#waits.peak,
    };
  }

  #acquire(mode: Mode, options: WaitOptions | undefined): Promise<Guard> {
    const refusal = refusalOf(`ReadWriteLock.${mode}`, options);
    if (refusal !== undefined) return refusal;
    const guard = this.#tryAcquire(mode);
    return guard === undefined ? this.#park(mode, options) : ready(guard);
  }

  #park(mode: Mode, options: WaitOptions | undefined): Promise<Guard> {
    return this.#lots[mode].park({
      signal: options?.signal,
      name: () => this.#describe(mode),
      blockedBy: this.#holders,
      // Guards may be handed on to anyone.
      isCertain: () => false,
      data: this.#newGuard(mode),
      // A writer that leaves may have held back readers.
      onAbandon: this.#serve,
    });
  }

  #tryAcquire(mode: Mode): Guard | undefined {
    if (!this.#isFree(mode) || this.#isBehind(mode)) return undefined;
    return this.#admit(this.#newGuard(mode));
  }

  #newGuard(mode: Mode): ReadWriteGuard {
    this.#orders += 1;
    return new ReadWriteGuard(mode, this.#orders, this.#giveBack);
  }

  #isFree(mode: Mode): boolean {
    return this.#writer === undefined && (mode === 'read' || this.#readers.size === 0);
  }

  /** Whether a new caller is behind another one. */
  #isBehind(mode: Mode): boolean {
    if (this.#lots.write.head === undefined) return false;
    return mode === 'write' || this.#preferring !== 'readers';
  }

  #admit(guard: ReadWriteGuard): Guard {
    if (guard.mode === 'write') this.#writer = guard;
    else this.#readers.add(guard);
    return guard.begin(this.#label);
  }

  readonly #giveBack = (guard: ReadWriteGuard): void => {
    if (guard.mode === 'write') this.#writer = undefined;
    else this.#readers.delete(guard);
    this.#serve();
  };

  readonly #serve = (): void => {
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      const guard = next.data;
      if (!this.#isFree(guard.mode)) return;
      if (next.wake(guard)) this.#admit(guard);
    }
  };

  #next(): { readonly data: ReadWriteGuard; wake(guard: Guard): boolean } | undefined {
    const reader = this.#lots.read.head;
    const writer = this.#lots.write.head;
    if (reader === undefined || writer === undefined) return reader ?? writer;
    if (this.#preferring === 'readers') return reader;
    if (this.#preferring === 'writers') return writer;
    return reader.data.order < writer.data.order ? reader : writer;
  }

  readonly #holders = (): Task<unknown>[] => {
    const guards = this.#writer === undefined ? [...this.#readers] : [this.#writer];
    return guards.flatMap(({ task }) => task ?? []);
  };

  #describe(mode: Mode): string {
    return `${mode} of ${this.#label} (${this.#whoHolds()})`;
  }

  #whoHolds(): string {
    if (this.#writer === undefined) return `${this.#readers.size} reading`;
    const owner = this.#writer.task?.name;
    return owner === undefined ? 'held' : `held by ${show(owner)}`;
  }
}
