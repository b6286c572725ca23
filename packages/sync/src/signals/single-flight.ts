import { ContextVar, currentTask, InvalidStateError } from '@ambit/core';
import type { Task } from '@ambit/core';
import {
  invariant,
  isWithin,
  ParkingLot,
  ready,
  refused,
  throwIfCancelled,
} from '@ambit/core/lowlevel';
import type { CallForOwner } from '@ambit/core/lowlevel';
import { inSteps } from '../internal/after.ts';
import type { WaitOptions } from '../internal/options.ts';

/** What a waiting caller is told: the value is there, or it is its turn to make it. */
type Turn = 'look' | 'lead';

type State<T> =
  | { readonly is: 'empty' }
  | { readonly is: 'running' }
  | { readonly is: 'done'; readonly value: T };

/**
 * One call at a time makes a value, the leader's; the other callers wait for it. If it fails or is
 * cancelled, the next caller in line leads. Under {@link Once} and {@link memoize}.
 */
export class SingleFlight<T> {
  readonly lot: ParkingLot<Turn> = new ParkingLot<Turn>();
  readonly #label: string;
  readonly #own: CallForOwner;
  readonly #ambientFlight: ContextVar<object>;
  /** The call that is under way, and the task it is in. */
  #leading: { readonly task: Task<unknown> | undefined } | undefined;
  #state: State<T> = { is: 'empty' };

  /** `own`: calls what makes the value, in the context of its owner. */
  constructor(label: string, own: CallForOwner) {
    this.#label = label;
    this.#own = own;
    this.#ambientFlight = new ContextVar<object>({ name: label });
  }

  get state(): State<T>['is'] {
    return this.#state.is;
  }

  /** The value; made by `make` if there is none and no other call is making it. Arguments have been checked. */
  get(where: string, make: () => T | PromiseLike<T>, options: WaitOptions | undefined): Promise<T> {
    try {
      this.#refuseWithin(where);
      throwIfCancelled(options, where);
    } catch (error) {
      return refused(error);
    }
    if (this.#state.is === 'done') return ready(this.#state.value);
    return this.#inSteps(make, options);
  }

  #inSteps(make: () => T | PromiseLike<T>, options: WaitOptions | undefined): Promise<T> {
    return inSteps(() => this.#get(make, options));
  }

  async #get(make: () => T | PromiseLike<T>, options: WaitOptions | undefined): Promise<T> {
    if (this.#state.is === 'empty') return this.#lead(make, options);
    if (this.#state.is === 'running') {
      const turn = await this.lot.park({
        signal: options?.signal,
        name: this.#label,
        blockedBy: () => (this.#leading?.task === undefined ? [] : [this.#leading.task]),
        isCertain: (waiting) => this.#leading?.task !== waiting,
      });
      if (turn === 'lead') return this.#lead(make, options);
    }
    return this.#value();
  }

  /** The lead is with this call, and goes on to the next in line unless it succeeds. */
  async #lead(make: () => T | PromiseLike<T>, options: WaitOptions | undefined): Promise<T> {
    this.#state = { is: 'running' };
    try {
      // It may have been cancelled since it was given the lead.
      throwIfCancelled(options);
      const leading = { task: currentTask() };
      this.#leading = leading;
      const value = await this.#own(() => this.#ambientFlight.run(leading, make), {
        signal: options?.signal,
      });
      this.#state = { is: 'done', value };
      this.lot.unparkAll('look');
      return value;
    } catch (error) {
      this.#leading = undefined;
      if (this.lot.unpark(1, 'lead') === 0) this.#state = { is: 'empty' };
      throw error;
    }
  }

  #value(): T {
    invariant(this.#state.is === 'done', 'a caller that is told to look finds the value');
    return this.#state.value;
  }

  #refuseWithin(where: string): void {
    if (this.#state.is !== 'running' || this.#leading === undefined) return;
    if (!isWithin(this.#ambientFlight, this.#leading)) return;
    throw new InvalidStateError(
      `${where}: this call is inside the call that makes the value of the ${this.#label}, and would ` +
        'wait for itself forever; make the value without asking for it',
    );
  }
}
