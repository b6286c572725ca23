import { CancelledError } from '../scope/cancelled-error.ts';
import { AnyScope } from '../scope/any-scope.ts';
import { isThenable } from '../internal/check.ts';
import { InvalidStateError } from '../internal/errors.ts';
import { markHandled } from '../internal/mark-handled.ts';
import type { SignalOptions } from '../internal/signal-options.ts';
import { Outcome } from './outcome.ts';

/** How a `Future` stands. */
export type FutureState = 'pending' | 'fulfilled' | 'rejected' | 'cancelled';

/**
 * A result that is set by hand, as asyncio's `Future`. Any number of tasks can wait for it; one
 * of them being cancelled touches neither the future nor the others. A rejection that no code waits for
 * becomes an `unhandledRejection`, as a promise's does.
 *
 * @example
 * const answer = new Future<number>();
 * emitter.once('answer', (value) => answer.resolve(value));
 * console.log(await answer.wait());
 */
export class Future<T> extends Outcome<T> {
  // A promise was given as the value: it is awaited, and no other call may settle meanwhile.
  #isPromised = false;

  /** `pending`, or what it came to. */
  get state(): FutureState {
    return this._settled ?? 'pending';
  }

  /** @internal */
  _label(): string {
    return 'the future';
  }

  /**
   * Gives it its value; a promise is awaited first, as JavaScript does.
   *
   * @throws InvalidStateError if it is settled already
   */
  resolve(value: T | PromiseLike<T>): void {
    if (!this.tryResolve(value)) throw this.#settledBefore('resolve', 'tryResolve');
  }

  /**
   * Lets it fail.
   *
   * @param error - what waiting for it throws
   * @throws InvalidStateError if it is settled already
   */
  reject(error: unknown): void {
    if (!this.tryReject(error)) throw this.#settledBefore('reject', 'tryReject');
  }

  /**
   * As {@link Future.resolve}; false, and nothing else, if it is settled already.
   *
   * @param value - or a promise of it
   * @returns whether it was this call that settled it
   */
  tryResolve(value: T | PromiseLike<T>): boolean {
    if (this.#isClosed) return false;
    if (value === this) throw new TypeError('Future.resolve: a future cannot be its own value');
    if (isThenable(value)) this.#follow(value);
    else this._settle('fulfilled', value);
    return true;
  }

  /**
   * As {@link Future.reject}; false, and nothing else, if it is settled already.
   *
   * @param error - what waiting for it throws
   * @returns whether it was this call that settled it
   */
  tryReject(error: unknown): boolean {
    if (this.#isClosed) return false;
    this.#fail(error);
    return true;
  }

  /**
   * Ends it without a result: each waiting caller gets a CancelledError that no scope of theirs owns, to
   * them a failure.
   *
   * @param reason - why: the `reason` of the CancelledError
   * @returns false if it is settled already
   */
  cancel(reason?: unknown): boolean {
    if (this._settled !== undefined) return false;
    const scope = new AnyScope({ name: 'future' });
    scope.cancel(reason);
    this._settle('cancelled', scope.reason ?? new CancelledError(scope, 'explicit', reason));
    if (this._promise !== undefined) markHandled(this._promise);
    return true;
  }

  /**
   * Waits for the result. A checkpoint; cancelling it leaves the future alone.
   *
   * @param options - `signal`: ends the wait too
   * @returns the value
   * @throws (rejects) the future's error; the ambient scope's CancelledError; `signal.reason`
   */
  wait(options?: SignalOptions): Promise<T> {
    return this._wait(options, 'Future.wait', 'Future.wait');
  }

  get #isClosed(): boolean {
    return this._settled !== undefined || this.#isPromised;
  }

  #follow(promise: PromiseLike<T>): void {
    this.#isPromised = true;
    Promise.resolve(promise).then(
      (value) => {
        if (this._settled === undefined) this._settle('fulfilled', value);
      },
      (error: unknown) => {
        if (this._settled === undefined) this.#fail(error);
      },
    );
  }

  #fail(error: unknown): void {
    const isAwaited = this._first !== undefined;
    this._settle('rejected', error);
    // No caller waits yet: a native promise reports the error if none comes.
    // eslint-disable-next-line @ambit/no-unowned-task -- no work: a promise that is there to be reported
    if (!isAwaited) void this._native();
  }

  #settledBefore(method: string, alternative: string): InvalidStateError {
    return new InvalidStateError(
      `Future.${method}: the future is ${this._settled ?? 'waiting for a promise'} already; ` +
        `use ${alternative} where several may settle it`,
    );
  }
}
