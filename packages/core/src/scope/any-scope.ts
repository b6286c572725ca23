import { keepShape } from '../internal/keep-shapes.ts';
import { noteCall } from '../loop/note-call.ts';
import { offerScopes } from '#context';
import { unlimitListeners } from '#platform';
import { ambient } from '../loop/ambient.ts';
import { hostRuntime } from '../loop/runtime.ts';
import { CancelCallback } from './cancel-callback.ts';
import type { CancelledError } from './cancelled-error.ts';
import { drain, drainReasonByClock, drainSignalOf } from './draining.ts';
import type { DrainOptions } from './draining.ts';
import { checkFunction, checkOptions, checkTime } from '../internal/check.ts';
import { InvalidStateError } from '../internal/errors.ts';
import type { Frame } from './frame.ts';
import type { Registration } from './propagation.ts';
import { append } from '../internal/linked-list.ts';
import { promiseTry } from '../internal/promise-try.ts';
import { callSafely } from '../internal/report-later.ts';
import { runIn } from './scope-body.ts';
import { ScopeCore } from './scope-core.ts';
import type { ScopeOptions } from './scope-options.ts';
import { arm } from './triggers.ts';

/**
 * A scope of any kind, as its users see it: that of a task, of a group, of a time limit, or a `CancelScope` that they made. What only
 * the last kind can do is in its class.
 *
 * @example
 * const isScope = value instanceof CancelScope;
 */
export class AnyScope extends ScopeCore implements Disposable {
  /** `options`: checked before. */
  constructor(options?: ScopeOptions) {
    super();
    this._runtime = hostRuntime;
    this._task = undefined;
    if (options !== undefined) this._configure(options);
  }

  /** @internal A scope is its own frame. */
  get _scope(): this {
    return this;
  }

  /**
   * Enters the scope, runs the body in it, and leaves it. Waits for the body's promise. A cancellation
   * that is this scope's own, and not also one of the scopes around it, ends here.
   *
   * @param body - gets the scope; called at once
   * @returns the body's value, or undefined if the scope's own cancellation ended the body
   * @throws what the body throws, if it is not this scope's cancellation; StragglersError if the body has not ended `grace`
   *   milliseconds after the cancellation; InvalidStateError if the scope was entered before
   */
  run<T>(body: (scope: this) => T | PromiseLike<T>): Promise<T | undefined> {
    return promiseTry(() => {
      checkFunction('CancelScope.run', 'body', body);
      if (this._state === 'new' && this._options?.parent === undefined)
        noteCall('CancelScope.run', this._options);
      return this._enter<T, undefined>(body);
    });
  }

  /** @internal */
  _enter<T, U>(body: (scope: this) => T | PromiseLike<T>): Promise<T | U> {
    this._enterOnce();
    return runIn(this, body) as Promise<T | U>;
  }

  /** @internal */
  _enterOnce(): void {
    if (this._state !== 'new') {
      throw new InvalidStateError(
        `${this._label()} was entered before; a scope is entered once, make a new one`,
      );
    }
    this._start(currentFrame());
  }

  /**
   * Cancels the scope and everything in it. Idempotent: the first reason stays. Synchronous: on return
   * every wait in the tree has been claimed, every signal aborted, every callback called. Never throws.
   */
  cancel(reason?: unknown): void {
    this._cancelBy('explicit', reason);
  }

  /** Aborted when the scope is cancelled, with the {@link CancelledError}. Made on first read. */
  get signal(): AbortSignal {
    if (this._controller === undefined) this._startIdle(currentFrame());
    // What is due by the clock comes first: it aborts a signal that was made before, in its turn.
    const { reason } = this;
    if (this._controller === undefined) {
      this._controller = new AbortController();
      unlimitListeners(this._controller.signal);
      if (reason !== undefined) this._controller.abort(reason);
    }
    return this._controller.signal;
  }

  /** Set while the scope is cancelled, by itself or by a scope around it that it is not shielded from. */
  override get reason(): CancelledError | undefined {
    return this._reasonByClock();
  }

  /** True once `cancel()` was called, the own deadline has passed, or the own signal has aborted. */
  get cancelCalled(): boolean {
    this._look();
    return this._own !== undefined;
  }

  /**
   * The instant at which the scope cancels itself, by the loop's clock; `Infinity`: never. A `timeout`
   * becomes a deadline when the scope starts. Writing moves it; once the scope is cancelled or has ended, no more.
   */
  get deadline(): number {
    return this._deadline;
  }

  set deadline(instant: number) {
    checkTime('CancelScope', 'deadline', instant);
    if (this._state === 'ended' || this._own !== undefined) return;
    this._deadline = instant;
    if (this._options?.timeout !== undefined)
      this._options = { ...this._options, timeout: undefined };
    if (this._state !== 'new') arm(this);
  }

  /** The earliest deadline that holds here, of this scope and those around it; `-Infinity` once cancelled. */
  get effectiveDeadline(): number {
    if (this.reason !== undefined) return -Infinity;
    let earliest = Infinity;
    for (let scope: AnyScope | undefined = this._here(); scope; scope = above(scope)) {
      earliest = Math.min(earliest, scope._deadline);
      if (scope._shield) break;
    }
    return earliest;
  }

  /**
   * Begins to end the scope and everything below it, shields included: sources of work end, what runs may
   * end by itself. Cancels nothing. Of several calls the first reason stays, and the earliest end of a
   * `timeout` holds. A scope that is cancelled, or has ended, is left alone.
   *
   * @param options - `reason`: of {@link CancelScope.draining}; `timeout`: milliseconds, then `cancel()`
   * @throws TypeError, RangeError for bad options
   * @example
   * server.scope.drain({ timeout: 10_000 }); // no new requests; those that are left in 10 s are cancelled
   */
  drain(options?: DrainOptions): void {
    checkOptions('CancelScope.drain', options);
    if (options?.timeout !== undefined) {
      checkTime('CancelScope.drain', 'timeout', options.timeout);
    }
    drain(this, options);
  }

  /** True once this scope, or one around it, drains or is cancelled: nothing new should begin. */
  get isDraining(): boolean {
    return drainReasonByClock(this) !== undefined;
  }

  /** Aborted when {@link CancelScope.isDraining} becomes true, with the reason. Made on first read. */
  get draining(): AbortSignal {
    this._startIdle(currentFrame());
    const signal = drainSignalOf(this);
    unlimitListeners(signal);
    return signal;
  }

  /** Throws the {@link CancelledError} if the scope is cancelled, also by a deadline that just passed. */
  throwIfCancelled(): void {
    this._runtime.passCheckpoint(this);
    const { reason } = this;
    if (reason !== undefined) throw reason;
  }

  /**
   * Calls back when the scope is cancelled: synchronously, once, before any wait in it resumes, in the
   * async context of this call; at once if it is cancelled already. An error of the callback does not stop
   * other callbacks, and becomes an uncaught exception.
   *
   * @returns disposing it takes the callback back
   */
  onCancel(callback: (reason: CancelledError) => void): Disposable {
    checkFunction('CancelScope.onCancel', 'callback', callback);
    this._startIdle(currentFrame());
    const registration = new CancelCallback(callback);
    const reason = this.reason;
    if (reason !== undefined) callSafely(callback, reason);
    else if (this._state !== 'ended') append<Registration>(this, registration);
    return registration;
  }

  /** Leaves the tree, drops timer and listener. `run()` does it itself. */
  [Symbol.dispose](): void {
    this._end();
  }

  static {
    const [cancelled, withReason] = [new AnyScope(), new AnyScope()];
    cancelled.cancel();
    withReason.cancel('a reason');
    const withVariables = new AnyScope();
    withVariables._variables = { key: this, value: undefined, outer: undefined };
    keepShape(this, new AnyScope(), cancelled, withReason, withVariables);
  }
}

/** What it hangs on, or is going to. */
function above(scope: AnyScope): AnyScope | undefined {
  return scope._parent ?? scope._options?.parent;
}

/** Makes a scope around everything: open, and never cancelled. It has no class of its own, since each class more costs all scopes time. */
export function outermost(): AnyScope {
  const scope = new AnyScope();
  scope._state = 'open';
  scope._cancelBy = scope.drain = () => undefined;
  return scope;
}

export const rootScope: AnyScope = outermost();

export function currentFrame(): Frame {
  return (ambient.get() as Frame | undefined) ?? rootScope;
}

offerScopes(AnyScope);
