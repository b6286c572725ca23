import { currentTask } from '@ambit/core';
import type { Task } from '@ambit/core';
import { enter, noteLoan, ParkingLot } from '@ambit/core/lowlevel';
import { checkOneOf, show } from './check.ts';
import type { Guard } from './guard-of.ts';
import { labelOf } from './options.ts';
import type { NameOptions, WaitOptions } from './options.ts';
import { refused } from './refused.ts';
import { taken } from './taken.ts';

/** Who goes first when readers and writers wait. */
export type Preference = 'fifo' | 'readers' | 'writers';

/** What `ReadWriteLock` takes besides. */
export interface ReadWriteLockOptions extends NameOptions {
  /**
   * - `fifo` (default): in the order they came; a waiting writer holds back later readers
   * - `readers`: readers join readers at any time; writers may starve
   * - `writers`: before any reader; readers may starve
   */
  readonly preferring?: Preference | undefined;
}

/** What `ReadWriteLock.statistics()` tells: how it stands at this moment. */
export interface ReadWriteLockStatistics {
  /** Read guards that are out. */
  readonly readers: number;
  /** The name of the task that writes; undefined if nobody does, or it was acquired outside of tasks. */
  readonly owner: string | undefined;
  /** Whether a writer holds it. */
  readonly writing: boolean;
  /** How many wait. */
  readonly waiting: number;
}

type Mode = 'read' | 'write';

/** A claim to read or to write, waited for or held: the guard. */
class Claim implements Disposable {
  readonly mode: Mode;
  /** When it came, among all. */
  readonly order: number;
  readonly task: Task<unknown> | undefined = currentTask();
  #giveBack: ((claim: Claim) => void) | undefined;
  /** In debug mode: tells if the task ends without giving it back. */
  #loan: Disposable | undefined;

  constructor(mode: Mode, order: number, giveBack: (claim: Claim) => void) {
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
 * Lets any number read together, or one write alone. By default in the order they came, so that nobody
 * starves: a waiting writer holds back the readers behind it (as tokio's `RwLock`). Not reentrant, and a
 * reader cannot become a writer while it reads.
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
    read: new ParkingLot<Guard, Claim>(),
    write: new ParkingLot<Guard, Claim>(),
  };
  readonly #preferring: Preference;
  readonly #label: string;
  /** Who reads; nobody while somebody writes. */
  readonly #readers = new Set<Claim>();
  #writer: Claim | undefined;
  #orders = 0;

  /**
   * @param options - `preferring`: `'fifo'` (default), `'readers'` or `'writers'`; `name`: shown in messages
   *   and in the task tree
   * @throws TypeError if an option is not what it should be
   */
  constructor(options?: ReadWriteLockOptions) {
    this.#label = labelOf('ReadWriteLock', 'read-write lock', options);
    this.#preferring = options?.preferring ?? 'fifo';
    checkOneOf('ReadWriteLock', 'preferring', this.#preferring, ['fifo', 'readers', 'writers']);
  }

  /**
   * Waits until nobody writes and, by the order of preference, nobody is before this one. A checkpoint.
   *
   * @param options - `signal`: ends the wait too
   * @returns the guard: disposing it ends the reading, whoever does it; the second time does nothing
   * @throws (rejects) the ambient scope's CancelledError or `signal.reason`, and then it is not taken
   */
  read(options?: WaitOptions): Promise<Guard> {
    return this.#acquire('read', options);
  }

  /**
   * Waits until nobody reads or writes and, by the order of preference, nobody is before this one. A
   * checkpoint.
   *
   * @param options - `signal`: ends the wait too
   * @returns the guard: disposing it ends the writing, whoever does it; the second time does nothing
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

  /** How it stands: who waits, and what is held. */
  statistics(): ReadWriteLockStatistics {
    return {
      readers: this.#readers.size,
      writing: this.#writer !== undefined,
      owner: this.#writer?.task?.name,
      waiting: this.#lots.read.size + this.#lots.write.size,
    };
  }

  #acquire(mode: Mode, options: WaitOptions | undefined): Promise<Guard> {
    try {
      enter(options);
    } catch (error) {
      return refused(error);
    }
    const guard = this.#tryAcquire(mode);
    if (guard === undefined) {
      return this.#lots[mode].park({
        signal: options?.signal,
        name: () => this.#describe(mode),
        blockedBy: this.#holders,
        data: this.#claim(mode),
        // A writer that leaves may have held back readers.
        onAbandon: this.#serve,
      });
    }
    return taken(guard);
  }

  #tryAcquire(mode: Mode): Guard | undefined {
    if (!this.#isFree(mode) || this.#isBehind(mode)) return undefined;
    return this.#admit(this.#claim(mode));
  }

  #claim(mode: Mode): Claim {
    this.#orders += 1;
    return new Claim(mode, this.#orders, this.#giveBack);
  }

  #isFree(mode: Mode): boolean {
    return this.#writer === undefined && (mode === 'read' || this.#readers.size === 0);
  }

  /** Whether a newcomer has somebody before it. */
  #isBehind(mode: Mode): boolean {
    if (this.#lots.write.head === undefined) return false;
    return mode === 'write' || this.#preferring !== 'readers';
  }

  #admit(claim: Claim): Guard {
    if (claim.mode === 'write') this.#writer = claim;
    else this.#readers.add(claim);
    return claim.begin(this.#label);
  }

  readonly #giveBack = (claim: Claim): void => {
    if (claim.mode === 'write') this.#writer = undefined;
    else this.#readers.delete(claim);
    this.#serve();
  };

  readonly #serve = (): void => {
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      const claim = next.data;
      if (!this.#isFree(claim.mode)) return;
      if (next.wake(claim)) this.#admit(claim);
    }
  };

  #next(): { readonly data: Claim; wake(guard: Guard): boolean } | undefined {
    const reader = this.#lots.read.head;
    const writer = this.#lots.write.head;
    if (reader === undefined || writer === undefined) return reader ?? writer;
    if (this.#preferring === 'readers') return reader;
    if (this.#preferring === 'writers') return writer;
    return reader.data.order < writer.data.order ? reader : writer;
  }

  readonly #holders = (): Task<unknown>[] => {
    const claims = this.#writer === undefined ? [...this.#readers] : [this.#writer];
    return claims.flatMap(({ task }) => task ?? []);
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
