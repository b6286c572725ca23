import { checkCount, checkFunction } from '../internal/check.ts';
import { InvalidStateError } from '../internal/errors.ts';
import { Future } from '../waiting/future.ts';
import { yieldIfDue } from '../waiting/ready.ts';

/**
 * Puts the steps of several tasks into one order, as Trio's `Sequencer`: step n begins when step n-1 is
 * over. If a step fails or is cancelled while it waits, all later ones fail.
 *
 * @example
 * const sequencer = new Sequencer();
 * group.spawn(() => sequencer.run(1, () => log('second')));
 * group.spawn(() => sequencer.run(0, () => log('first')));
 */
export class Sequencer {
  readonly #taken = new Set<number>();
  readonly #ended = new Map<number, Future<void>>();
  #isBroken = false;

  /**
   * Waits for step `position - 1` to end, then runs the body as this step. A checkpoint.
   *
   * @param position - a whole number from 0, used once
   * @returns the body's value
   * @throws (rejects) InvalidStateError if the position was used before, or a step before failed
   */
  async run<T>(position: number, body: () => T | PromiseLike<T>): Promise<T> {
    checkPosition('Sequencer.run', position);
    checkFunction('Sequencer.run', 'body', body);
    const step = await this.at(position);
    try {
      return await body();
    } finally {
      step[Symbol.dispose]();
    }
  }

  /**
   * The same with `using`: `using step = await sequencer.at(1);`. A checkpoint.
   *
   * @param position - a whole number from 0, used once
   * @returns the step; it ends at its disposal
   * @throws (rejects) as {@link Sequencer.run}
   */
  async at(position: number): Promise<Disposable> {
    checkPosition('Sequencer.at', position);
    this.#take(position);
    try {
      if (position > 0) await this.#end(position - 1).wait();
    } catch (error) {
      this.#break();
      throw error;
    }
    this.#checkWhole();
    const pause = yieldIfDue();
    if (pause !== undefined) await pause;
    return {
      [Symbol.dispose]: () => {
        this.#end(position).tryResolve();
      },
    };
  }

  #take(position: number): void {
    if (this.#taken.has(position)) {
      throw new InvalidStateError(
        `Sequencer: position ${String(position)} was used before; use each once`,
      );
    }
    this.#checkWhole();
    this.#taken.add(position);
  }

  #checkWhole(): void {
    if (this.#isBroken)
      throw new InvalidStateError('Sequencer: a step before this one was cancelled');
  }

  #break(): void {
    this.#isBroken = true;
    for (const end of this.#ended.values()) end.tryResolve();
  }

  #end(position: number): Future<void> {
    const end = this.#ended.get(position) ?? new Future<void>();
    this.#ended.set(position, end);
    return end;
  }
}

function checkPosition(where: string, position: number): void {
  checkCount(where, 'position', position, 0);
  if (position < Infinity) return;
  throw new RangeError(`${where}: position is Infinity, which no step comes before; count from 0`);
}
