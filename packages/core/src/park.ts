import type { Wave } from './cancel-wave.ts';
import { currentFrame, currentRuntime } from './cancel-scope.ts';
import type { CancelledError, CancelScope, ScopeRegistration } from './cancel-scope.ts';
import { checkFunction, checkOptions, checkSignal } from './check.ts';
import { sliceIsUsedUp, startSlice } from './event-loop.ts';
import { append, remove } from './internal/linked-list.ts';
import type { Host } from './internal/linked-list.ts';
import { quiet } from './internal/quiet.ts';
import { reportLater } from './internal/report-later.ts';
import { adopt } from './signal-hub.ts';
import type { Adoption } from './signal-hub.ts';

/** The handle by which a parked caller is woken. Both answer false if something else came first. */
export interface Waker<T> {
  /**
   * Ends the wait.
   *
   * @param value - what the wait resolves with
   * @returns false if it was woken or cancelled before: then the value is still yours
   */
  wake(value: T): boolean;
  /**
   * Lets the wait fail.
   *
   * @param error - what the wait rejects with
   * @returns false if it was woken or cancelled before
   */
  fail(error: unknown): boolean;
}

/** What `park` takes besides. */
export interface ParkOptions {
  /** Aborting it ends the wait with `signal.reason`, in addition to the ambient scope. */
  readonly signal?: AbortSignal | undefined;
  /** Shows in the task tree: what is waited for. A function is asked each time: who holds it now, say. */
  readonly name?: string | (() => string) | undefined;
  /** Makes the wait one that nothing cancels. */
  readonly shield?: boolean | undefined;
  /** Answers the tasks that this wait cannot end without: who hold a lock, say. Names deadlocks. */
  readonly blockedBy?: (() => Iterable<object>) | undefined;
}

let resolveOfNew: ((value: never) => void) | undefined;
let rejectOfNew: ((error: unknown) => void) | undefined;

// One executor for all: no closure for each wait.
function capture(resolve: (value: never) => void, reject: (error: unknown) => void): void {
  resolveOfNew = resolve;
  rejectOfNew = reject;
}

/** What takes a wait back without a closure of its own. */
export interface Undo {
  abandon(): void;
}

/** What is waited for, and by whom the wait is known to be blocked. */
export type Blocked = Pick<ParkOptions, 'name'> & Required<Pick<ParkOptions, 'blockedBy'>>;

/** A wait: settled by whoever comes first, once. Without private methods: each object would pay for them (decision 9). */
export class Waiter<T> implements ScopeRegistration, Waker<T> {
  _previous: ScopeRegistration | undefined;
  _next: ScopeRegistration | undefined;
  _host: Host<ScopeRegistration> | undefined;
  readonly promise: Promise<T>;
  readonly #resolve: (value: T) => void;
  readonly #reject: (error: unknown) => void;
  #state: 'waiting' | 'shielded' | 'settled' | 'abandoned' = 'waiting';

  /** Called when the wait is abandoned: takes back what `register` did. */
  undo: (() => void) | Undo | undefined = undefined;
  /** What is waited for; with the tasks that the wait cannot end without, if that is known. */
  _what: ParkOptions['name'] | Blocked;

  // Rare: defaults stand on the prototype, so that a wait without them does not pay for them.
  /** The instant at which the wait ends by itself, if there is one. */
  declare until: number | undefined;
  declare adoption: Adoption | undefined;
  /** See {@link Runtime.deliver}. */
  declare deliver: ((settle: () => void) => void) | undefined;

  static {
    Object.assign(this.prototype, {
      until: undefined,
      adoption: undefined,
      deliver: undefined,
    });
  }

  /** @internal One that stays: with the last object of a shape goes the code compiled for it (decision 8). */
  static readonly _sample: Waiter<unknown> = new Waiter<unknown>();

  constructor(what?: ParkOptions['name'] | Blocked) {
    this._what = what;
    this.promise = new Promise<T>(capture);
    this.#resolve = resolveOfNew as (value: T) => void;
    this.#reject = rejectOfNew as (error: unknown) => void;
    // They would hold the promise, and what it came to, until the next wait.
    resolveOfNew = undefined;
    rejectOfNew = undefined;
  }

  /** What is waited for. */
  get name(): string | (() => string) {
    return (isBlocked(this._what) ? this._what.name : this._what) ?? '';
  }

  /** The tasks that the wait cannot end without. */
  get blockedBy(): (() => Iterable<object>) | undefined {
    return isBlocked(this._what) ? this._what.blockedBy : undefined;
  }

  /** Nothing cancels it. */
  shield(): void {
    this.#state = 'shielded';
  }

  get isSettled(): boolean {
    return this.#state === 'settled' || this.#state === 'abandoned';
  }

  get isAbandoned(): boolean {
    return this.#state === 'abandoned';
  }

  wake(value: T): boolean {
    if (!this._take()) return false;
    if (this.deliver === undefined) this.#resolve(value);
    else this.deliver(() => this.#resolve(value));
    return true;
  }

  fail(error: unknown): boolean {
    if (!this._take()) return false;
    this._settleWith(error);
    return true;
  }

  // Whoever takes the waiter settles it, now or later in the same tick: exactly one does.
  private _take(): boolean {
    if (this.isSettled) return false;
    this.#state = 'settled';
    remove<ScopeRegistration>(this);
    if (this.adoption !== undefined) this.adoption.release();
    return true;
  }

  _reach(wave: Wave<CancelledError>): undefined {
    if (this.#state !== 'shielded' && this._take()) wave.abandon(this);
  }

  _outlive(host: Host<ScopeRegistration>): void {
    remove<ScopeRegistration>(this);
    append<ScopeRegistration>(host, this);
  }

  _abandon(reason: CancelledError): void {
    // The scope is cancelled, and its next checkpoint says so: a wait that nobody looks at may go.
    quiet(this.promise);
    this._giveUp(reason);
  }

  _aborted(signal: AbortSignal): void {
    if (this._take()) this._giveUp(signal.reason);
  }

  private _giveUp(reason: unknown): void {
    this.#state = 'abandoned';
    try {
      if (typeof this.undo === 'function') this.undo();
      else this.undo?.abandon();
    } finally {
      this._settleWith(reason);
    }
  }

  private _settleWith(error: unknown): void {
    if (this.deliver === undefined) this.#reject(error);
    else this.deliver(() => this.#reject(error));
  }
}

// Not by `typeof` alone: a name is not checked at the door, and may be null.
function isBlocked(what: Waiter<unknown>['_what'] | null): what is Blocked {
  return typeof what === 'object' && what !== null;
}

/** Throws if the scope is cancelled, or the signal aborted. Deadlines count by the clock, not by timers. */
export function refuseIfCancelled(scope: CancelScope, signal: AbortSignal | undefined): void {
  scope._runtime.timers.poll();
  const reason = scope.reason;
  if (reason !== undefined) throw reason;
  if (signal?.aborted === true) throw signal.reason;
}

/** A promise rejected by {@link refuseIfCancelled}. */
export function refusal(scope: CancelScope, error: unknown): Promise<never> {
  const promise = Promise.reject(error);
  if (error === scope.reason) quiet(promise);
  return promise;
}

const NONE: ParkOptions = {};

/** Puts the waiter where it will be woken, and answers how to take it back. Gets what `parkIn` got. */
type Register<T, O, H> = (
  waiter: Waiter<T>,
  options: O | undefined,
  owner: H | undefined,
) => void | (() => void);

/** Parks in a scope given by hand. See {@link park}. */
export function parkIn<T, O extends ParkOptions = ParkOptions, H = undefined>(
  scope: CancelScope,
  register: Register<T, O, H>,
  options?: O,
  owner?: H,
): Promise<T> {
  const isShielded = options?.shield === true;
  const signal = isShielded ? undefined : options?.signal;
  if (!isShielded) {
    try {
      refuseIfCancelled(scope, signal);
    } catch (error) {
      return refusal(scope, error);
    }
  }
  const { name, blockedBy } = options ?? NONE;
  const waiter = new Waiter<T>(blockedBy === undefined ? name : { name, blockedBy });
  if (isShielded) waiter.shield();
  if (signal !== undefined) waiter.adoption = adopt(signal, waiter);
  const host = scope._nearestOpen();
  if (host._runtime.deliver !== undefined) waiter.deliver = host._runtime.deliver;
  append<ScopeRegistration>(host, waiter);
  startWaiting(waiter, register, options, owner);
  if (blockedBy !== undefined) host._runtime.onBlocked?.();
  return waiter.promise;
}

function startWaiting<T, O, H>(
  waiter: Waiter<T>,
  register: Register<T, O, H>,
  options: O | undefined,
  owner: H | undefined,
): void {
  try {
    const undo = register(waiter, options, owner);
    if (typeof undo !== 'function') return;
    // Cancelled while it registered: there was no undo yet to call.
    if (waiter.isAbandoned) undo();
    else waiter.undo = undo;
  } catch (error) {
    if (!waiter.fail(error)) reportLater(error);
  }
}

/**
 * The one place where anything suspends: registers a wait and returns the promise of its end. The
 * wait is woken or cancelled, exactly one of the two, exactly once; what happens first in a tick wins.
 * A checkpoint: in a cancelled scope nothing is registered and the promise rejects.
 *
 * @param register - called at once with the waker; may return the undo, called in the same tick if
 *   the wait is cancelled (not if it is woken), before the caller resumes
 * @param options - `signal`: ends the wait too; `name`: shown in the task tree; `shield`: makes the
 *   wait uncancellable, also by the signal
 * @returns the value given to `wake`, or rejects with the error given to `fail`
 * @throws (rejects) the ambient scope's CancelledError, or `signal.reason`
 * @example
 * function nextMessage(port: MessagePort): Promise<unknown> {
 *   return park((waker) => {
 *     const listener = (event: MessageEvent) => waker.wake(event.data);
 *     port.addEventListener('message', listener, { once: true });
 *     return () => port.removeEventListener('message', listener);
 *   });
 * }
 */
export function park<T>(
  register: (waker: Waker<T>) => void | (() => void),
  options?: ParkOptions,
): Promise<T> {
  try {
    checkFunction('park', 'register', register);
    checkOptions('park', options);
    checkSignal('park', options?.signal);
  } catch (error) {
    return Promise.reject(error);
  }
  return parkIn(currentFrame()._scope, register, options);
}

/** Waits for the next turn of the host's loop; resolves with the value. */
export function nextTurn<T>(value: T, options?: ParkOptions): Promise<T> {
  const scope = currentFrame()._scope;
  return parkIn<T>(
    scope,
    (waiter) => {
      const turn = currentRuntime().loop.callNext(() => {
        startSlice();
        waiter.wake(value);
      });
      return () => {
        turn.cancel();
      };
    },
    options,
  );
}

/**
 * Throws if the caller is cancelled, as every cancellable function does on entry; has no effect otherwise.
 *
 * @param options - `signal`: counts too
 * @throws the ambient scope's CancelledError, or `signal.reason`
 * @example
 * enter({ signal });
 * this.#permits -= 1;
 */
export function enter(options?: { readonly signal?: AbortSignal | undefined }): void {
  checkOptions('enter', options);
  checkSignal('enter', options?.signal);
  refuseIfCancelled(currentFrame()._scope, options?.signal);
}

/**
 * Lets others run, timers and I/O too, if this turn of the host's loop has used up its slice (10 ms).
 * Never throws, and nothing cancels it: what was taken just before is not lost.
 *
 * @returns a promise to await, or undefined if there is no need to
 * @example
 * const pause = breathe();
 * if (pause !== undefined) await pause;
 */
export function breathe(): Promise<void> | undefined {
  return sliceIsUsedUp() ? nextTurn(undefined, { shield: true, name: 'breathe' }) : undefined;
}
