import { ContextVar, currentTask, InvalidStateError } from '@ambit/core';
import type { Task } from '@ambit/core';
import { enter, invariant, isWithin, ParkingLot } from '@ambit/core/lowlevel';
import { checkFunction } from './check.ts';
import { labelOf } from './options.ts';
import type { NameOptions, WaitOptions } from './options.ts';
import { taken } from './taken.ts';

/** What `Once.statistics()` tells: how it stands at this moment. */
export interface OnceStatistics {
  /** Whether the value is there, is being made, or nobody has asked for it. */
  readonly state: 'empty' | 'running' | 'done';
  /** How many wait. */
  readonly waiting: number;
}

/** What a waiting caller is told: the value is there, or it is its turn to make it. */
type Turn = 'look' | 'lead';

type State<T> =
  | { readonly is: 'empty' }
  | { readonly is: 'running' }
  | { readonly is: 'done'; readonly value: T };

/**
 * A value that is made once, by the first who asks; who asks meanwhile waits for the same. If making it
 * fails or is cancelled, the next in line makes it: only success is kept (as in tokio's `OnceCell`).
 *
 * @example
 * const connection = new Once<Connection>();
 * const query = async (text: string) => (await connection.get(() => connect())).query(text);
 */
export class Once<T> {
  readonly #lot = new ParkingLot<Turn>();
  readonly #label: string;
  readonly #flow: ContextVar<object>;
  /** The call of `init` that is under way, and the task it is in. */
  #leading: { readonly task: Task<unknown> | undefined } | undefined;
  #state: State<T> = { is: 'empty' };

  /**
   * @param options - `name`: shown in messages and in the task tree
   * @throws TypeError if an option is not what it should be
   */
  constructor(options?: NameOptions) {
    this.#label = labelOf('Once', 'once', options);
    this.#flow = new ContextVar<object>({ name: this.#label });
  }

  /**
   * The value; made by `init` if there is none yet and nobody is making it. A checkpoint, also if the
   * value is there.
   *
   * @param init - called in the flow of this call, which it is cancelled with
   * @param options - `signal`: ends the wait for who makes it; not `init`
   * @throws (rejects) what `init` throws, if this call made it; the ambient scope's CancelledError or
   *   `signal.reason`; InvalidStateError inside its own `init`
   */
  async get(init: () => T | PromiseLike<T>, options?: WaitOptions): Promise<T> {
    checkFunction('Once.get', 'init', init);
    this.#refuseWithin();
    enter(options);
    if (this.#state.is === 'empty') return this.#lead(init, options);
    if (this.#state.is === 'running') {
      const turn = await this.#lot.park({
        signal: options?.signal,
        name: this.#label,
        blockedBy: () => (this.#leading?.task === undefined ? [] : [this.#leading.task]),
      });
      if (turn === 'lead') return this.#lead(init, options);
    }
    return taken(this.#value());
  }

  /** How it stands: who waits, and what is held. */
  statistics(): OnceStatistics {
    return { state: this.#state.is, waiting: this.#lot.size };
  }

  /** The lead is with this call, and goes on to the next in line unless it succeeds. */
  async #lead(init: () => T | PromiseLike<T>, options: WaitOptions | undefined): Promise<T> {
    this.#state = { is: 'running' };
    try {
      // It may have been cancelled since it was given the lead.
      enter(options);
      this.#leading = { task: currentTask() };
      const value = await this.#flow.run(this.#leading, init);
      this.#state = { is: 'done', value };
      this.#lot.unparkAll('look');
      return value;
    } catch (error) {
      this.#leading = undefined;
      if (this.#lot.unpark(1, 'lead') === 0) this.#state = { is: 'empty' };
      throw error;
    }
  }

  #value(): T {
    invariant(this.#state.is === 'done', 'who is told to look finds the value');
    return this.#state.value;
  }

  #refuseWithin(): void {
    if (this.#state.is !== 'running' || this.#leading === undefined) return;
    if (!isWithin(this.#flow, this.#leading)) return;
    throw new InvalidStateError(
      `Once.get: this is inside init() of the ${this.#label}, and would wait for itself for ever; ` +
        'make the value without asking for it',
    );
  }
}
