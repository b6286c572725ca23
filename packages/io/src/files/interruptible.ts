import { CancelScope, shield } from '@ambit/core';
import { park } from '@ambit/core/lowlevel';
import { moveOnAfterReal, realWork } from '../real-work.ts';

const END: IteratorReturnResult<undefined> = { done: true, value: undefined };

/** Milliseconds that `return()` waits for a call that is under way, for example of a FIFO, before it leaves it to the group. */
const GOODBYE = 100;

interface Step {
  readonly scope: CancelScope;
  readonly end: () => void;
}

/**
 * A generator of which `return()` ends a `next()` that is pending. That of the language waits in line behind it, and a
 * file may have nothing to say for hours.
 */
export class Interruptible<T> implements AsyncGenerator<T, void> {
  readonly #source: AsyncGenerator<T, void>;
  readonly #pending = new Set<Step>();
  #isOver = false;

  constructor(source: AsyncGenerator<T, void>) {
    this.#source = source;
  }

  async next(): Promise<IteratorResult<T, void>> {
    if (this.#isOver) return END;
    const scope = new CancelScope();
    let step: Step | undefined;
    const ended = new Promise<typeof END>((resolve) => {
      step = { scope, end: () => resolve(END) };
      this.#pending.add(step);
    });
    try {
      return (await Promise.race([scope.run(() => this.#source.next()), ended])) ?? END;
    } finally {
      if (step !== undefined) this.#pending.delete(step);
    }
  }

  async return(): Promise<IteratorResult<T, void>> {
    this.#isOver = true;
    const isPending = this.#pending.size > 0;
    for (const { scope, end } of this.#pending) {
      end();
      scope.cancel();
    }
    const closed = this.#source.return();
    if (isPending)
      await realWork(() => shield(() => moveOnAfterReal(GOODBYE, () => settled(closed))));
    else await closed;
    return END;
  }

  async throw(error: unknown): Promise<IteratorResult<T, void>> {
    await this.return();
    throw error;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }
}

function settled(work: Promise<unknown>): Promise<void> {
  return park<void>(
    (waker) =>
      void work.then(
        () => waker.wake(),
        (error: unknown) => waker.fail(error),
      ),
    { name: 'the end of a call of a file' },
  );
}
