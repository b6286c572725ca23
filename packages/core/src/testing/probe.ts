import { checkFunction } from '../internal/check.ts';
import { InvalidStateError } from '../internal/errors.ts';
import { markHandled } from '../internal/mark-handled.ts';
import { microtask } from '../internal/microtask.ts';
import { Runtime } from '../loop/runtime.ts';
import { AnyScope } from '../scope/any-scope.ts';
import type { CancelScope } from '../scope/cancel-scope.ts';
import type { TaskGroup } from '../tasks/task-group.ts';
import { randomOf } from './random.ts';
import { trial, USUAL_LIMIT } from './trial.ts';
import { userFrames } from './user-frames.ts';
import { VirtualLoop } from './virtual-loop.ts';

/** What came of the function that was given to {@link Attempt}. */
export type AttemptOutcome<T> =
  | {
      readonly status: 'fulfilled';
      readonly value: T;
      /** True if it was cancelled and returned a value anyway. */
      readonly wasCancelled: boolean;
    }
  | { readonly status: 'cancelled' };

/**
 * Calls the function that `cancelEverywhere` cancels. Waits for it, and resolves with what came of it. To be
 * called once.
 *
 * @throws (rejects) what the function throws, if that is not the cancellation; InvalidStateError if called twice
 */
export type Attempt = <T>(fn: () => T | PromiseLike<T>) => Promise<AttemptOutcome<T>>;

/** When the cancellation comes: within the call of the checkpoint, or a microtask later. */
export type Moment = 'on entry' | 'after it';

export interface Target {
  /** The number of the checkpoint, from 1. */
  readonly checkpoint: number;
  readonly moment: Moment;
  /** How many checkpoints the uncancelled run passed, if there was one. */
  readonly of?: number;
}

/** A runtime that tells of each checkpoint. */
class WatchedRuntime extends Runtime {
  onCheckpoint: ((scope: CancelScope) => void) | undefined;

  override passCheckpoint(scope: CancelScope): void {
    this.onCheckpoint?.(scope);
    super.passCheckpoint(scope);
  }

  override passWait(scope: CancelScope): void {
    this.onCheckpoint?.(scope);
    super.passWait(scope);
  }
}

/** One run of a body, which cancels the function under test at one of its checkpoints. */
export class Probe {
  readonly target: Target | undefined;
  /** How many checkpoints of the function were passed so far. */
  passed = 0;
  /** Where the function was when it was cancelled. */
  place = '';
  /** `attempt` was not called exactly once, or not waited for. */
  misuse: InvalidStateError | undefined;
  readonly #loop = new VirtualLoop();
  readonly #runtime = new WatchedRuntime(this.#loop);
  #attempted: Promise<unknown> | undefined;
  #hasBegun = false;
  #isOver = false;

  constructor(target: Target | undefined) {
    this.target = target;
  }

  /** Rejects with the failure of the body, as `testRun` does. */
  async run(
    body: (attempt: Attempt, group: TaskGroup, loop: VirtualLoop) => unknown,
  ): Promise<void> {
    const main = async (group: TaskGroup, loop: VirtualLoop): Promise<void> => {
      try {
        await body(this.#attempt, group, loop);
      } finally {
        // It is cancelled with the run, and no code waits for it.
        if (!this.#isOver && this.#attempted !== undefined) markHandled(this.#attempted);
      }
      this.#checkOver();
    };
    await trial(main, {
      loop: this.#loop,
      runtime: this.#runtime,
      random: randomOf(1),
      limit: USUAL_LIMIT,
    });
    if (this.#hasBegun) return;
    this.misuse ??= new InvalidStateError(
      'cancelEverywhere: the body did not call attempt; call it once, with the function to cancel',
    );
  }

  /** A body that does not wait for `attempt` has checked nothing. */
  #checkOver(): void {
    if (!this.#hasBegun || this.#isOver) return;
    this.misuse ??= new InvalidStateError(
      'cancelEverywhere: the body ended before attempt did; await what attempt(fn) returns',
    );
    throw this.misuse;
  }

  readonly #attempt: Attempt = (fn) => {
    const attempted = this.#call(fn);
    this.#attempted ??= attempted;
    return attempted;
  };

  async #call<T>(fn: () => T | PromiseLike<T>): Promise<AttemptOutcome<T>> {
    checkFunction('attempt', 'fn', fn);
    if (this.#hasBegun) {
      this.misuse = new InvalidStateError(
        'cancelEverywhere: attempt was called twice; call it once, with one function that does both',
      );
      throw this.misuse;
    }
    this.#hasBegun = true;
    const victim = new AnyScope({ name: 'attempt' });
    this.#runtime.onCheckpoint = (scope) => {
      if (isWithin(scope, victim)) this.#pass(victim);
    };
    try {
      const outcome = await victim.run(async () => ({ value: await fn() }));
      if (outcome === undefined) return { status: 'cancelled' };
      return { status: 'fulfilled', value: outcome.value, wasCancelled: victim.cancelCalled };
    } finally {
      this.#runtime.onCheckpoint = undefined;
      this.#isOver = true;
    }
  }

  #pass(victim: CancelScope): void {
    this.passed += 1;
    if (this.target?.checkpoint !== this.passed) return;
    this.place = userFrames();
    const cancel = (): void => {
      victim.cancel('cancelEverywhere');
    };
    if (this.target.moment === 'on entry') cancel();
    else microtask(cancel);
  }
}

function isWithin(scope: CancelScope, victim: CancelScope): boolean {
  let here: CancelScope | undefined = scope;
  while (here !== undefined && here !== victim) here = here._parent;
  return here !== undefined;
}
