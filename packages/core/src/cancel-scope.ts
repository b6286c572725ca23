import { unlimitListeners } from '#platform';
import { ambient } from './ambient.ts';
import { CancelCallback } from './cancel-callback.ts';
import type { Registration } from './cancel-wave.ts';
import { isCausedBy, withoutCancellations } from './cancellation.ts';
import { checkFunction, checkName, checkOptions, checkSignal, checkTime, show } from './check.ts';
import { scopeCancelled } from './diagnostics.ts';
import { brandAsCancelled, hasCancelledBrand, InvalidStateError, messageOf } from './errors.ts';
import { append } from './internal/linked-list.ts';
import { whenSettled } from './internal/native-promise.ts';
import { promised } from './internal/promised.ts';
import { callSafely } from './internal/report-later.ts';
import { showBriefly } from './internal/show-briefly.ts';
import { hostRuntime } from './runtime.ts';
import type { Runtime } from './runtime.ts';
import { ScopeNode } from './scope-tree.ts';
import { adopt } from './signal-hub.ts';
import type { Adoption } from './signal-hub.ts';
import type { Timer } from './timers.ts';

/** Who cancelled: a call of `cancel()`, a deadline, a failed sibling, an `AbortSignal`, the end of the run. */
export type CancelSource = 'explicit' | 'deadline' | 'failure' | 'signal' | 'shutdown';

const CAUSES: Readonly<Record<CancelSource, string>> = {
  explicit: 'was cancelled',
  deadline: 'ran out of time',
  failure: 'was cancelled because something in it failed',
  signal: 'was cancelled by its AbortSignal',
  shutdown: 'was shut down',
};

// A stack is what makes an error dear, and this one is made on hot paths: it tells who has called `cancel()`, and nothing
// where a clock, a failure or a signal has (decision 9).
const FRAMES = 4;

/**
 * What a checkpoint throws in a cancelled scope. One object for the whole tree that was cancelled
 * together. By name and code it is an `AbortError`, so that every consumer of AbortSignals knows it.
 */
export class CancelledError extends Error {
  /** The code of Node's own AbortError. */
  declare readonly code: 'ABORT_ERR';
  // Not shown where the error is printed: a whole tree hangs on it.
  readonly #scope: CancelScope;
  #since: number | undefined;
  /**
   * What has cancelled it: `cancel()`, the clock, a failure, a signal, or the end of the program.
   */
  readonly source: CancelSource;
  /** What was given to `cancel()`, the failure, or the signal's reason; also the `cause`. */
  readonly reason: unknown;

  static {
    this.prototype.name = 'AbortError';
    Object.defineProperty(this.prototype, 'code', { value: 'ABORT_ERR' });
    brandAsCancelled(this.prototype);
  }

  // `frames`: how many calls of the stack it keeps.
  constructor(
    scope: CancelScope,
    source: CancelSource,
    reason: unknown,
    frames: number = source === 'explicit' ? FRAMES : 0,
  ) {
    const what = scope.name === '' ? 'the scope' : `the scope ${show(scope.name)}`;
    const why = reason === undefined ? '' : `: ${messageOf(reason)}`;
    const depth = Error.stackTraceLimit;
    limitStack(Math.min(frames, depth));
    super(`${what} ${CAUSES[source]}${why}`, reason === undefined ? undefined : { cause: reason });
    limitStack(depth);
    this.#scope = scope;
    this.source = source;
    this.reason = reason;
  }

  /** The scope that was cancelled. */
  get scope(): CancelScope {
    return this.#scope;
  }

  /** @internal The instant of the cancellation. */
  get _since(): number | undefined {
    return this.#since;
  }

  /** @internal */
  set _since(instant: number | undefined) {
    this.#since = instant;
  }
}

// Where the globals are frozen, stacks are as deep as they are.
function limitStack(depth: number): void {
  try {
    Error.stackTraceLimit = depth;
  } catch {
    // Read-only.
  }
}

/**
 * True for a {@link CancelledError}, also for one of another copy of this package.
 *
 * @param error - anything caught
 * @returns whether it is one
 * @example
 * try {
 *   await work();
 * } catch (error) {
 *   if (isCancelled(error)) throw error;
 *   report(error);
 * }
 */
export function isCancelled(error: unknown): error is CancelledError {
  return hasCancelledBrand(error);
}

/** What a `CancelScope` is made with. */
export interface ScopeOptions {
  /** Shows in messages and in the task tree. */
  readonly name?: string | undefined;
  /** Aborting it cancels the scope. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds from entry until the scope is cancelled; negative: 0, `Infinity`: never. */
  readonly timeout?: number | undefined;
  /** The instant at which the scope is cancelled, in milliseconds of the loop's clock. */
  readonly deadline?: number | undefined;
  /** Keeps cancellations of the scopes around it out. */
  readonly shield?: boolean | undefined;
  /** The scope it hangs on, if that is not the ambient one. */
  readonly parent?: CancelScope | undefined;
}

/** What a flow of awaits carries along. Every scope is a frame; a ContextVar's `run` adds its own. */
export interface Frame {
  /** @internal */ readonly _scope: CancelScope;
  /** @internal */ readonly _variables: Variables | undefined;
}

/** Values of context variables, innermost first. */
export interface Variables {
  readonly key: object;
  readonly value: unknown;
  readonly outer: Variables | undefined;
}

export type ScopeRegistration = Registration<CancelledError>;

/**
 * A part of the program that can be cancelled as a whole: every wait in it, in its child scopes and
 * in the tasks of its groups. A plain object in the tree of scopes; a signal, a timer or a listener
 * exists only once it is asked for, and goes with the scope.
 *
 * @example
 * const scope = new CancelScope({ timeout: 500 });
 * const answer = await scope.run(() => ask(scope.signal)); // undefined if it was cut short
 */
export class CancelScope extends ScopeNode<CancelledError> implements Disposable, Frame {
  /** @internal */ _runtime: Runtime = hostRuntime;
  /** @internal The task whose body this is part of. */
  _task: object | undefined;

  // Rare: defaults stand on the prototype, so that a scope without them does not pay for them.
  /** Shows in messages and in the task tree. */
  declare readonly name: string;
  /** True if `run()` ended because of this scope's own cancellation, and absorbed it. */
  declare readonly cancelCaught: boolean;
  /** @internal */ declare _variables: Variables | undefined;
  /** @internal The group whose scope this is. */
  declare _owner: object | undefined;
  /** @internal What is opened in it belongs to this group; undefined: to that of the scope around it. */
  declare _group: object | undefined;
  /** @internal */ declare _controller: AbortController | undefined;
  /** @internal */ declare _options: ScopeOptions | undefined;
  /** @internal */ declare _deadline: number;
  /** @internal */ declare _timer: Timer | undefined;
  /** @internal */ declare _adoption: Adoption | undefined;
  /** @internal Under way since `signal` was read, and still to be entered. */
  declare _awaitsEntry: boolean;

  static {
    showBriefly(this.prototype, (scope) => scope._summary());
    Object.assign(this.prototype, {
      name: '',
      cancelCaught: false,
      _variables: undefined,
      _owner: undefined,
      _group: undefined,
      _controller: undefined,
      _options: undefined,
      _deadline: Infinity,
      _timer: undefined,
      _adoption: undefined,
      _awaitsEntry: false,
    });
  }

  /** @internal They stay, as that of Waiter: one as it begins, one that is cancelled, one with variables. */
  static readonly _samples: readonly CancelScope[] = [
    new CancelScope(),
    withReason(new CancelScope()),
    withVariables(new CancelScope()),
  ];

  constructor(options?: ScopeOptions) {
    super();
    if (options !== undefined) this._configure(options);
  }

  /** @internal */
  _configure(options: ScopeOptions): void {
    checkScopeOptions('CancelScope', options);
    this._options = options;
    if (options.name !== undefined) (this as { name: string }).name = options.name;
    if (options.deadline !== undefined) this._deadline = options.deadline;
    if (options.shield === true) this._shield = true;
    if (options.signal?.aborted === true) this._aborted(options.signal);
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
   * @throws what the body throws, if it is not this scope's cancellation; InvalidStateError if the
   *   scope was entered before
   */
  run<T>(body: (scope: this) => T | PromiseLike<T>): Promise<T | undefined> {
    return promised(() => {
      checkFunction('CancelScope.run', 'body', body);
      return this._enter<T, undefined>(body);
    });
  }

  /** @internal */
  _enter<T, U>(body: (scope: this) => T | PromiseLike<T>): Promise<T | U> {
    if (this._awaitsEntry && this._state === 'open') this._awaitsEntry = false;
    else this._start();
    let returned: unknown;
    try {
      returned = ambient.run(this, body, this);
    } catch (error) {
      returned = Promise.reject(error);
    }
    // Told outside of the scope: a promise that somebody keeps would keep it, and what is called for a rejection would be in it.
    return whenSettled(
      returned,
      (value) => {
        this._end();
        return value;
      },
      (error: unknown) => this._bodyFailed(error),
    ) as Promise<T | U>;
  }

  /** @internal The body has failed; answers what comes of a cancellation that ends here. */
  _bodyFailed(error: unknown): unknown {
    try {
      this._afterCancellation(error);
      return this._absorbed();
    } finally {
      this._end();
    }
  }

  /** @internal What `run` resolves with once its cancellation has ended here. */
  _absorbed(): unknown {
    return undefined;
  }

  /** Throws what of the error is not this scope's to absorb. */
  private _afterCancellation(error: unknown): void {
    if (this._own === undefined || this._reason === undefined) throw error;
    // A deadline around this one that passed while the body wound down: that scope absorbs it then.
    this._runtime.timers.poll();
    if (this._isCancelledFromOutside()) throw error;
    if (!isCausedBy(this._reason, error)) throw withoutCancellations(this._reason, error);
    (this as { cancelCaught: boolean }).cancelCaught = true;
  }

  /**
   * Cancels the scope and everything in it. Idempotent: the first reason stays. Synchronous: on return
   * every wait in the tree has been claimed, every signal aborted, every callback called. Never throws.
   */
  cancel(reason?: unknown): void {
    this._cancelBy('explicit', reason);
  }

  /** @internal `frames`: how many of the stack are kept in the error. */
  _cancelBy(source: CancelSource, reason: unknown, frames?: number): void {
    if (this._own !== undefined) return;
    this._own = new CancelledError(this, source, reason, frames);
    this._own._since = this._runtime.loop.now();
    if (scopeCancelled.hasSubscribers) scopeCancelled.publish({ scope: this, reason: this._own });
    if (this._state === 'ended') return;
    this._release();
    if (this._reason === undefined) this._spread(this._own);
  }

  /** @internal */
  _isHeard(): boolean {
    return this._controller !== undefined;
  }

  /** @internal */
  _notify(reason: CancelledError): void {
    this._controller?.abort(reason);
  }

  /** @internal The foreign signal has aborted. */
  _aborted(signal: AbortSignal): void {
    this._cancelBy('signal', signal.reason);
  }

  /** @internal The deadline has come. */
  _expire(): void {
    this._cancelBy('deadline', undefined);
  }

  /** Aborted when the scope is cancelled, with the {@link CancelledError}. Made on first read. */
  get signal(): AbortSignal {
    if (this._controller === undefined) {
      if (this._state === 'new') {
        this._start();
        this._awaitsEntry = true;
      }
      this._controller = new AbortController();
      unlimitListeners(this._controller.signal);
      const reason = this.reason;
      if (reason !== undefined) this._controller.abort(reason);
    }
    return this._controller.signal;
  }

  /** True once `cancel()` was called, the own deadline has passed, or the own signal has aborted. */
  get cancelCalled(): boolean {
    if (this._own === undefined && this._state === 'open') {
      if (this._deadline <= this._runtime.loop.now()) this._expire();
    } else if (this._state === 'new' && this._options?.signal?.aborted === true) {
      this._aborted(this._options.signal);
    }
    return this._own !== undefined;
  }

  /**
   * The instant at which the scope cancels itself, by the loop's clock; `Infinity`: never. A `timeout`
   * becomes a deadline at entry. Writing moves it; once the scope is cancelled or has ended, no more.
   */
  get deadline(): number {
    return this._deadline;
  }

  set deadline(instant: number) {
    checkTime('CancelScope', 'deadline', instant);
    if (this._state === 'ended' || this._own !== undefined) return;
    this._deadline = instant;
    if (this._state === 'new') this._options = { ...this._options, timeout: undefined };
    else this._arm();
  }

  /** The earliest deadline that holds here, of this scope and those around it; `-Infinity` once cancelled. */
  get effectiveDeadline(): number {
    if (this.reason !== undefined) return -Infinity;
    let earliest = Infinity;
    for (let scope: CancelScope | undefined = this._here(); scope; scope = scope._parent) {
      earliest = Math.min(earliest, scope._deadline);
      if (scope._shield) break;
    }
    return earliest;
  }

  /** Throws the {@link CancelledError} if the scope is cancelled, also by a deadline that just passed. */
  throwIfCancelled(): void {
    this._runtime.timers.poll();
    const reason = this.reason;
    if (reason !== undefined) throw reason;
  }

  /**
   * Calls back when the scope is cancelled: synchronously, once, before any wait in it resumes, in the
   * async context of this call; at once if it is cancelled already. What the callback throws stops
   * nobody else and becomes an uncaught exception.
   *
   * @returns disposing it takes the callback back
   */
  onCancel(callback: (reason: CancelledError) => void): Disposable {
    checkFunction('CancelScope.onCancel', 'callback', callback);
    const registration = new CancelCallback(callback);
    const reason = this.reason;
    if (reason !== undefined) callSafely(callback, reason);
    else if (this._state !== 'ended') append<ScopeRegistration>(this, registration);
    return registration;
  }

  /** Leaves the tree, drops timer and listener. `run()` does it itself. */
  [Symbol.dispose](): void {
    this._end();
  }

  /** @internal Takes its place in the tree: from here on deadlines count and cancellations arrive. */
  _start(): void {
    if (this._state !== 'new') {
      throw new InvalidStateError(
        `${this._label()} was entered before; a scope is entered once, make a new one`,
      );
    }
    const here = currentFrame();
    const parent = this._options?.parent ?? here._scope;
    // Where the ambient scope is unknown (no AsyncLocalStorage) a parent given by hand tells it all.
    const { _task } = here._scope === rootScope ? parent : here._scope;
    const { _variables } = here === rootScope ? parent : here;
    this._open(parent, _task, _variables);
    this._watch(this._options);
  }

  /** @internal */
  _open(parent: CancelScope, task: object | undefined, variables: Variables | undefined): void {
    const host = parent._nearestOpen();
    this._state = 'open';
    this._runtime = host._runtime;
    this._task = task;
    if (variables !== undefined) this._variables = variables;
    this._hang(parent as this);
  }

  /** Begins to look out for its own deadline and signal. */
  private _watch(options: ScopeOptions | undefined): void {
    if (options?.timeout !== undefined) {
      const instant = this._runtime.loop.now() + Math.max(options.timeout, 0);
      this._deadline = Math.min(this._deadline, instant);
    }
    if (this._own !== undefined) return;
    if (this._deadline !== Infinity) this._arm();
    const signal = options?.signal;
    if (signal?.aborted === true) this._aborted(signal);
    else if (signal !== undefined) this._adoption = adopt(signal, this);
  }

  private _arm(): void {
    const { timers } = this._runtime;
    if (this._timer !== undefined) timers.remove(this._timer);
    this._timer = this._deadline === Infinity ? undefined : timers.add(this._deadline, this);
  }

  /** Lets go of timer and listener. */
  private _release(): void {
    if (this._timer !== undefined) {
      this._runtime.timers.remove(this._timer);
      this._timer = undefined;
    }
    if (this._adoption !== undefined) {
      this._adoption.release();
      this._adoption = undefined;
    }
  }

  /** @internal */
  _end(): void {
    if (this._state === 'ended') return;
    this._release();
    // Code that runs on in it, a timer's say, may keep the scope: not what was in it.
    // A task's own scope tells whose end it is, also if somebody has disposed of it: the task makes it forget.
    if ((this._task as { readonly scope?: unknown } | undefined)?.scope !== this)
      this._task = undefined;
    if (this._owner !== undefined) this._owner = undefined;
    if (this._group !== undefined) this._group = undefined;
    this._leave();
  }

  private _summary(): string {
    const name = this.name === '' ? 'CancelScope' : `CancelScope ${show(this.name)}`;
    return this.reason === undefined ? name : `${name} (cancelled)`;
  }

  private _label(): string {
    return this.name === '' ? 'this CancelScope' : `the CancelScope ${show(this.name)}`;
  }
}

function withReason(scope: CancelScope): CancelScope {
  scope._own = scope._reason = new CancelledError(scope, 'explicit', undefined);
  return scope;
}

function withVariables(scope: CancelScope): CancelScope {
  scope._variables = { key: scope, value: undefined, outer: undefined };
  return scope;
}

/** Checks options at a public door. */
export function checkScopeOptions(where: string, options: ScopeOptions): void {
  checkOptions(where, options);
  checkName(where, options.name);
  checkSignal(where, options.signal);
  if (options.timeout !== undefined) checkTime(where, 'timeout', options.timeout);
  if (options.deadline !== undefined) checkTime(where, 'deadline', options.deadline);
  if (options.parent !== undefined && !(options.parent instanceof CancelScope)) {
    throw new TypeError(`${where}: parent is ${show(options.parent)}, not a CancelScope`);
  }
}

class RootScope extends CancelScope {
  override _state = 'open' as const;

  override _cancelBy(): void {
    // Nobody is around it who could want that.
  }
}

/** Around everything; never cancelled. */
export const rootScope: CancelScope = new RootScope();

export function currentFrame(): Frame {
  return (ambient.get() as Frame | undefined) ?? rootScope;
}

/**
 * The innermost scope around the caller; outside of any, a root scope that is never cancelled.
 *
 * @example
 * const left = currentScope().effectiveDeadline - getRunningLoop().now();
 */
export function currentScope(): CancelScope {
  return currentFrame()._scope._here();
}

/** What the scopes of the present run share. */
export function currentRuntime(): Runtime {
  return currentFrame()._scope._nearestOpen()._runtime;
}
