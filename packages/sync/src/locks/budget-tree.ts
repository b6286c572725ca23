import type { WaitOptions } from '../internal/options.ts';
import { BudgetExceededError } from './budget-exceeded-error.ts';
import { least } from './budget-level.ts';
import type { BudgetLevel } from './budget-level.ts';
import { OpenReservation } from './reservation.ts';
import type { Reservation } from './reservation.ts';

/**
 * What budgets that draw on each other share: the order in which they are served, and all changes, which
 * are made at every level of a path or at none.
 *
 * First come, first served at each level: a request passes the levels of its path from its own budget up.
 * Where it finds too little it stops, and there and at the levels that it has passed no later request
 * overtakes it. At the levels above, which it has not reached, others go on: a child that has used up its
 * own part does not hold up its siblings.
 *
 * The law: `spent + reserved` of a budget never exceeds its total by way of a reservation.
 */
export class BudgetTree {
  /** Levels at which requests wait. */
  readonly #waiting = new Set<BudgetLevel>();
  #orders = 0;

  /** Reserves if that needs no waiting. */
  tryReserve(level: BudgetLevel, amount: number): Reservation | undefined {
    const blocked = this.#waiting.size === 0 ? NONE : this.#serve();
    if (obstacle(level, amount, blocked) !== undefined) return undefined;
    for (const each of level.path) each.reserve(amount);
    return this.#reservation(level, amount);
  }

  wait(level: BudgetLevel, amount: number, options: WaitOptions | undefined): Promise<Reservation> {
    this.#orders += 1;
    const reserved = level.line.park({
      signal: options?.signal,
      name: level.label,
      data: { amount, order: this.#orders },
      // It may have held back others that ask for less.
      onAbandon: () => void this.#serve(),
    });
    level.largest = Math.max(level.largest, amount);
    this.#waiting.add(level);
    return reserved;
  }

  /** Records what was spent. @throws BudgetExceededError if some level is over then */
  spend(where: string, level: BudgetLevel, amount: number): void {
    for (const each of level.path) each.spent += amount;
    this.#changed(level);
    if (amount > 0) refuseIfOver(where, level);
  }

  #reservation(level: BudgetLevel, amount: number): Reservation {
    return new OpenReservation(amount, level.label, (actual = 0) => {
      for (const each of level.path) {
        each.unreserve(amount);
        each.spent += actual;
      }
      this.#changed(level);
      if (actual > amount) refuseIfOver('settle', level);
    });
  }

  #changed(level: BudgetLevel): void {
    const excesses = level.path.map((each) => [each, each.newExcess()] as const);
    this.#refuseHopeless();
    this.#serve();
    for (const [each, excess] of excesses) {
      if (excess !== undefined) each.tell(excess);
    }
  }

  /** Ends the waits for more than there can ever be again. */
  #refuseHopeless(): void {
    for (const level of this.#waiting) {
      const left = least(level, 'left');
      if (level.largest <= left) continue;
      let largest = 0;
      const isHopeless = ({ amount }: { readonly amount: number }): boolean => {
        if (amount > left) return true;
        largest = Math.max(largest, amount);
        return false;
      };
      level.line.failAll(({ amount }) => hopeless('Budget.reserve', level, amount), isHopeless);
      level.largest = largest;
    }
  }

  /** Serves the requests that can be served, in order. Returns the levels at which others have to wait. */
  #serve(): ReadonlySet<BudgetLevel> {
    const blocked = new Set<BudgetLevel>();
    for (let level = this.#next(blocked); level !== undefined; level = this.#next(blocked)) {
      const place = level.line.head;
      if (place === undefined) continue;
      const { amount } = place.data;
      const stop = obstacle(level, amount, blocked);
      if (stop !== undefined) {
        for (const each of level.path.slice(0, level.path.indexOf(stop) + 1)) blocked.add(each);
      } else if (place.wake(this.#reservation(level, amount))) {
        for (const each of level.path) each.reserve(amount);
      }
    }
    return blocked;
  }

  /** The level at which the earliest request waits that nothing blocks yet. */
  #next(blocked: ReadonlySet<BudgetLevel>): BudgetLevel | undefined {
    let next: BudgetLevel | undefined;
    let earliest = Infinity;
    for (const level of this.#waiting) {
      const order = level.line.head?.data.order;
      if (order === undefined) {
        this.#waiting.delete(level);
      } else if (order < earliest && !blocked.has(level)) {
        next = level;
        earliest = order;
      }
    }
    return next;
  }
}

const NONE: ReadonlySet<BudgetLevel> = new Set();

/** The first level of the path at which the amount does not pass. */
function obstacle(
  level: BudgetLevel,
  amount: number,
  blocked: ReadonlySet<BudgetLevel>,
): BudgetLevel | undefined {
  return level.path.find((each) => blocked.has(each) || amount > each.free);
}

function refuseIfOver(where: string, level: BudgetLevel): void {
  for (const { excess, label, total } of level.path) {
    if (excess === undefined) continue;
    throw new BudgetExceededError(
      `${where}: the ${label} is over its total (${total}) by ${excess.by}; what was spent is recorded, spend no more`,
      { total, ...excess },
    );
  }
}

/** Refuses an amount that can never be reserved, even if all reservations are given back. */
export function refuseIfHopeless(where: string, level: BudgetLevel, amount: number): void {
  if (amount > least(level, 'left')) throw hopeless(where, level, amount);
}

function hopeless(where: string, level: BudgetLevel, amount: number): BudgetExceededError {
  const tightest = level.path.reduce((a, b) => (b.left < a.left ? b : a));
  const { label, total, spent, left } = tightest;
  return new BudgetExceededError(
    `${where}: amount is ${amount}, more than can ever be left of the ${label} (${spent} of ${total} are spent); ` +
      'reserve less',
    { total, spent, by: amount - left },
  );
}
