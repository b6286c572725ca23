import { isDebugging, keepShape, ParkingLot, ready, refusalOf } from '@ambit/core/lowlevel';
import type { Guard } from './guard-of.ts';
import { Holders } from './holders.ts';
import type { Blocked } from './holders.ts';
import type { WaitOptions } from '../internal/options.ts';

/** Is told of a guard at the very moment of each change: a tick later the state would be another one. */
export interface PermitKeeper {
  /** The permits are handed over. */
  lent(guard: Guard): void;
  /** The guard is disposed. Returns whether it still has its permits. */
  returned(guard: Guard): boolean;
  /** The caller is refused, or waits no longer. */
  refused?(): void;
}

/** Permits that are waited for or held: the guard. */
class PermitGuard implements Disposable {
  readonly count: number;
  readonly keeper: PermitKeeper | undefined;
  readonly #permits: Permits;
  #isHeld = true;

  constructor(permits: Permits, count: number, keeper: PermitKeeper | undefined) {
    this.#permits = permits;
    this.count = count;
    this.keeper = keeper;
  }

  [Symbol.dispose](): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    if (this.keeper?.returned(this) !== false) this.#permits.giveBack(this.count);
  }
}

/**
 * The permits under semaphores, limiters and pools. A caller that asks for many holds back later callers
 * that ask for few, so that no caller starves, as in Go's `x/sync/semaphore`. Arguments have been checked.
 *
 * I4: a permit is in one place: `free + borrowed = total`.
 */
export class Permits {
  static {
    keepShape(PermitGuard, new PermitGuard(new Permits(0, ''), 0, undefined));
  }

  readonly #lot = new ParkingLot<Guard, PermitGuard>();
  /** Negative while more are borrowed than a lowered total allows. */
  #free: number;
  #borrowed = 0;
  /** The most that there may be in all. */
  most: number = Infinity;
  readonly #label: string;
  // Only in debug mode.
  #holders: Holders | undefined;

  constructor(total: number, label: string) {
    this.#free = total;
    this.#label = label;
  }

  get available(): number {
    return Math.max(this.#free, 0);
  }

  get borrowed(): number {
    return this.#borrowed;
  }

  get waiting(): number {
    return this.#lot.size;
  }

  /** The most callers that ever waited. */
  get peak(): number {
    return this.#lot.peak;
  }

  get total(): number {
    return this.#free + this.#borrowed;
  }

  set total(total: number) {
    this.#free = total - this.#borrowed;
    this.#serve();
  }

  /** Waits until the permits are free and all earlier callers have theirs. */
  // eslint-disable-next-line max-params -- an object for each call would cost as much as the call
  take(
    where: string,
    count: number,
    options: WaitOptions | undefined,
    keeper?: PermitKeeper,
  ): Promise<Guard> {
    const refusal = refusalOf(where, options);
    if (refusal !== undefined) {
      keeper?.refused?.();
      return refusal;
    }
    const guard = this.tryTake(count, keeper);
    if (guard !== undefined) return ready(guard);
    return this.#wait(new PermitGuard(this, count, keeper), options);
  }

  /**
   * Calls a body that holds a number of permits until it has ended; giving them back is the caller's part.
   *
   * @returns what the body does
   */
  during<T>(count: number, body: () => T | PromiseLike<T>): T | PromiseLike<T> {
    if (!isDebugging()) return body();
    this.#holders ??= new Holders();
    return this.#holders.run(count, body);
  }

  tryTake(count: number, keeper?: PermitKeeper): Guard | undefined {
    if (count > this.#free || this.#lot.head !== undefined) return undefined;
    const guard = new PermitGuard(this, count, keeper);
    this.#lend(guard);
    return guard;
  }

  /** For a guard, whose permits others may have given back by hand before: never more than there may be. */
  giveBack(count: number): void {
    const room = this.most - this.total;
    this.give(count - this.#borrowed > room ? this.#borrowed + room : count);
  }

  /** Giving more than is borrowed raises the total. */
  give(count: number): void {
    this.#free += count;
    this.#borrowed = Math.max(this.#borrowed - count, 0);
    this.#serve();
  }

  /** Ends the waits for more than `most`, which can never be served. */
  refuseAbove(most: number, errorFor: (count: number) => Error): void {
    this.#lot.failAll(
      ({ count }) => errorFor(count),
      ({ count }) => count > most,
    );
  }

  #wait(guard: PermitGuard, options: WaitOptions | undefined): Promise<Guard> {
    return this.#holders === undefined
      ? this.#park(guard, options)
      : this.#parkAmong(this.#holders, guard, options);
  }

  #parkAmong(
    holders: Holders,
    guard: PermitGuard,
    options: WaitOptions | undefined,
  ): Promise<Guard> {
    return holders.wait(
      () => this.#borrowed,
      (blocked) => this.#park(guard, options, blocked),
    );
  }

  #park(guard: PermitGuard, options: WaitOptions | undefined, blocked?: Blocked): Promise<Guard> {
    const { keeper } = guard;
    const signal = options?.signal;
    const before = this.#lot.size;
    const waiting = this.#lot.park({
      signal,
      name: this.#label,
      blockedBy: blocked?.blockedBy,
      isCertain: blocked?.isCertain,
      data: guard,
      onAbandon: keeper?.refused === undefined ? this.#serve : this.#abandonOf(keeper),
    });
    // Cancelled since the look in `take`, by the clock: it has never been in the line, and so is not abandoned either. Others that were
    // cancelled with it have left.
    if (this.#lot.size <= before) keeper?.refused?.();
    return waiting;
  }

  #abandonOf(keeper: PermitKeeper): () => void {
    return () => {
      keeper.refused?.();
      this.#serve();
    };
  }

  // Also when a caller gives up: it may have held back others that ask for less.
  readonly #serve = (): void => {
    for (let next = this.#lot.head; next !== undefined; next = this.#lot.head) {
      const guard = next.data;
      if (guard.count > this.#free) return;
      if (next.wake(guard)) this.#lend(guard);
    }
  };

  #lend(guard: PermitGuard): void {
    this.#free -= guard.count;
    this.#borrowed += guard.count;
    guard.keeper?.lent(guard);
  }
}
