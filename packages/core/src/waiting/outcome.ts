import { rareFields } from '../internal/keep-shapes.ts';
import { currentFrame } from '../scope/any-scope.ts';
import type { CancelScope } from '../scope/cancel-scope.ts';
import { checkFunction, show } from '../internal/check.ts';
import { InvalidStateError } from '../internal/errors.ts';
import { append, remove } from '../internal/linked-list.ts';
import { callSafely } from '../internal/report-later.ts';
import { markHandled } from '../internal/mark-handled.ts';
import { checkCall } from './call-options.ts';
import { Listener } from './listener.ts';
import { OBSERVED } from './marks.ts';
import { parkIn, refusal, refuseIfCancelled } from './park.ts';
import { ready, yieldIfDue } from './ready.ts';
import type { SignalOptions } from '../internal/signal-options.ts';
import type { Waiter } from './waiter.ts';

export type Settled = 'fulfilled' | 'rejected' | 'cancelled';

/**
 * The result of a Task or Future, pending or settled. Holds a value or an error,
 * calls its listeners, and is a promise; the native promise is made only when one is asked for.
 */
export abstract class Outcome<T> implements Promise<T> {
  /** @internal */ _first: Listener | undefined;
  /** @internal */ _settled: Settled | undefined;
  /** @internal The value or the error. */
  _result: unknown;
  /** @internal */ declare _promise: Promise<T> | undefined;
  /** @internal See `marks`. */
  _marks = 0;
  /** @internal True if an owner answers for the error, so that a wait that no code awaits may reject. */
  declare _isOwned: boolean;

  static {
    rareFields(this.prototype, { _promise: undefined, _isOwned: false });
  }

  /** @internal True once other code than the owner has, or will have, seen the outcome. */
  get _isObserved(): boolean {
    return this._is(OBSERVED);
  }

  /** @internal */
  _is(mark: number): boolean {
    return (this._marks & mark) !== 0;
  }

  /** @internal How it is called in messages. */
  abstract _label(): string;

  get [Symbol.toStringTag](): string {
    return this.constructor.name;
  }

  /** True once it has a value or an error, or was cancelled. */
  get done(): boolean {
    return this._settled !== undefined;
  }

  /**
   * The value. Waits for nothing.
   *
   * @throws the error if it failed or was cancelled; InvalidStateError while it is unfinished
   */
  result(): T {
    if (this._settled === undefined) throw this._unfinished('result');
    this._observe();

    if (this._settled !== 'fulfilled') throw this._result;
    return this._result as T;
  }

  /**
   * The error: the failure, the CancelledError of what was cancelled, or undefined if there is a value.
   *
   * @throws InvalidStateError while it is unfinished
   */
  error(): unknown {
    if (this._settled === undefined) throw this._unfinished('error');
    this._observe();
    return this._settled === 'fulfilled' ? undefined : this._result;
  }

  private _unfinished(method: string): InvalidStateError {
    return new InvalidStateError(
      `${method}: ${this._label()} is not finished; await it first, or look at its state`,
    );
  }

  then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this._inTime().then(onFulfilled, onRejected);
  }

  catch<B = never>(onRejected?: ((error: unknown) => B | PromiseLike<B>) | null): Promise<T | B> {
    return this.then(undefined, onRejected);
  }

  finally(onFinally?: (() => void) | null): Promise<T> {
    return this._inTime().finally(onFinally);
  }

  /** What an `await` waits for: a promise of the outcome, in the next turn if this one has used up its slice. */
  protected _inTime(): Promise<T> {
    const pause = this._settled === undefined ? undefined : yieldIfDue();
    return pause === undefined ? this._native() : nativeAfter(this, pause);
  }

  /** @internal Other code has the outcome now: a promise that was made to report an error has done its part. */
  _observe(): void {
    this._marks |= OBSERVED;
    if (this._promise !== undefined && this._settled !== undefined) markHandled(this._promise);
  }

  /** @internal */
  _native(): Promise<T> {
    this._marks |= OBSERVED;
    if (this._settled === 'fulfilled') return Promise.resolve(this._result as T);
    return (this._promise ??= newNative(this));
  }

  /** @internal Parks the caller until the outcome is there. A checkpoint, also if it is there already. */
  _wait(options: SignalOptions | undefined, where: string, name: string): Promise<T> {
    const scope = currentFrame()._scope;
    try {
      checkCall(where, options);
      refuseIfCancelled(scope, options?.signal);
    } catch (error) {
      return refusal(scope, error);
    }
    // Only now: the caller of a wait that is refused is not given the outcome.
    this._observe();
    if (this._settled === 'fulfilled') return ready(this._result as T);
    if (this._settled !== undefined) return this._rejection(scope);
    return this._park({ scope, signal: options?.signal, name });
  }

  /** @internal Parks in a scope until the outcome, which must not be there yet, is. */
  _park(
    options: SignalOptions & { readonly scope: CancelScope; readonly name: string },
  ): Promise<T> {
    const { scope, signal, name } = options;
    return parkIn<T>(
      scope,
      (waiter) => {
        const listener = this._listen(() => {
          deliver(this, waiter);
        });
        return () => {
          remove(listener);
        };
      },
      { signal, name, blockedBy: () => [this] },
    );
  }

  private _rejection(scope: CancelScope): Promise<never> {
    const promise = refusal(scope, this._result);
    if (this._isOwned) markHandled(promise);
    return promise;
  }

  /** @internal Calls back when it settles; it must not have yet. */
  _listen(callback: () => void): Listener {
    const listener = new Listener(callback);
    append(this, listener);
    return listener;
  }

  /** @internal */
  _settle(settled: Settled, result: unknown): void {
    this._settled = settled;
    this._result = result;
    for (let listener = this._first; listener !== undefined; listener = this._first) {
      remove(listener);
      callSafely(listener.callback, undefined);
    }
  }
}

/**
 * Calls back, synchronously and once, when a task or a future is done; at once if it is already. Counts
 * as looking at its outcome. For waits that watch several things: nothing is left behind.
 *
 * @param outcome - a Task or a Future
 * @returns the undo
 * @throws TypeError if it is neither
 * @example
 * return park<void>((waker) => whenDone(task, () => waker.wake()));
 */
export function whenDone(outcome: Outcome<unknown>, callback: () => void): () => void {
  if (!(outcome instanceof Outcome)) {
    throw new TypeError(`whenDone: ${show(outcome)} is neither a task nor a future`);
  }
  checkFunction('whenDone', 'callback', callback);
  outcome._marks |= OBSERVED;
  if (outcome._settled !== undefined) {
    callback();
    return () => undefined;
  }
  const listener = outcome._listen(callback);
  return () => {
    remove(listener);
  };
}

// Functions, since each object of a class with methods of its own is larger; apart, for no arrow is in what each `await` calls.
function nativeAfter<T>(outcome: Outcome<T>, pause: Promise<void>): Promise<T> {
  outcome._observe();
  return pause.then(() => outcome._native());
}

function newNative<T>(outcome: Outcome<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const settle = (): void => {
      if (outcome._settled === 'fulfilled') resolve(outcome._result as T);
      else reject(outcome._result);
    };
    if (outcome._settled === undefined) outcome._listen(() => settleInTime(settle));
    else settle();
  });
}

function settleInTime(settle: () => void): void {
  const pause = yieldIfDue();
  if (pause === undefined) settle();
  else void pause.then(settle);
}

function deliver<T>(outcome: Outcome<T>, waiter: Waiter<T>): void {
  if (outcome._settled === 'fulfilled') {
    waiter.wake(outcome._result as T);
    return;
  }
  if (outcome._isOwned) markHandled(waiter.promise);
  waiter.fail(outcome._result);
}
