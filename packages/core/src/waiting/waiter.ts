import { keepShape, rareFields } from '../internal/keep-shapes.ts';
import type { Registration, Wave } from '../scope/propagation.ts';
import { waitEnded } from '../diagnostics/channels.ts';
import { announceEnd, waits } from '../diagnostics/wait-watch.ts';
import { currentFrame } from '../scope/any-scope.ts';
import type { CancelledError } from '../scope/cancelled-error.ts';
import { append, remove } from '../internal/linked-list.ts';
import type { Host } from '../internal/linked-list.ts';
import { markHandled } from '../internal/mark-handled.ts';
import { defer, isDue } from '../loop/slice.ts';
import type { Adoption } from '../scope/signal-subscription.ts';
import type { ParkOptions } from './park-options.ts';
import type { Undo, Waker } from './waker.ts';

let resolveOfNew: ((value: never) => void) | undefined;
let rejectOfNew: ((error: unknown) => void) | undefined;

// One executor for all: no closure for each wait.
function capture(resolve: (value: never) => void, reject: (error: unknown) => void): void {
  resolveOfNew = resolve;
  rejectOfNew = reject;
}

let settledWaits = 0;

/** How many waits have ended so far. */
export function countSettledWaits(): number {
  return settledWaits;
}

/** In place of the undo of a wait that was abandoned. */
const ABANDONED: Undo = { abandon: () => undefined };

/**
 * A wait: settled once, by the first caller of `wake`, `fail` or a cancellation. It hangs on a scope until then, and takes note of it
 * in no other way. Without private methods: each object would pay for them (decision 9).
 */
export class Waiter<T> implements Registration, Waker<T> {
  _previous: Registration | undefined;
  _next: Registration | undefined;
  _host: Host<Registration> | undefined;
  readonly promise: Promise<T>;
  readonly #resolve: (value: T) => void;
  readonly #reject: (error: unknown) => void;

  /** Called when the wait is abandoned: takes back what `register` did. */
  undo: (() => void) | Undo | undefined = undefined;
  /** What is waited for; the options themselves where they say more than that. */
  _what: ParkOptions['name'] | ParkOptions;

  // Rare: the defaults are on the prototype, so that a wait without them does not pay for them.
  /** The instant at which the wait ends by itself, where its undo does not know it. */
  declare _until: number | undefined;
  declare adoption: Adoption | undefined;
  /** See {@link Runtime.deliver}. */
  declare deliver: ((settle: () => void, waiter: object) => void) | undefined;
  /** The scope of the caller; known only where `deliver` is. */
  declare scope: object | undefined;
  /** Its number, that of its task, and that of its event, in what records it; 0: none does. */
  declare _traced: number;
  declare _tracedTask: number;
  declare _tracedAt: number;
  /** See {@link Adopter}. */
  declare readonly _isWaitedIn: boolean;

  static {
    rareFields(this.prototype, {
      _until: undefined,
      adoption: undefined,
      deliver: undefined,
      scope: undefined,
      _traced: 0,
      _tracedTask: -1,
      _tracedAt: 0,
      _isWaitedIn: true,
    });
  }

  static {
    keepShape(this, settled(new Waiter<unknown>()));
  }

  constructor(what?: ParkOptions['name'] | ParkOptions) {
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
    return (isGiven(this._what) ? this._what.name : this._what) ?? '';
  }

  /** Whether nothing but the tasks that block the wait can end it; undefined if only their end can. */
  get isCertain(): ((waiting: object) => boolean) | undefined {
    return this._options?.isCertain;
  }

  /** The tasks that the wait cannot end without. */
  get blockedBy(): (() => Iterable<object>) | undefined {
    return this._options?.blockedBy;
  }

  /** The instant at which the wait ends by itself, if there is one. */
  get until(): number | undefined {
    return (this.undo as Undo | undefined)?._timer?.when ?? this._until;
  }

  // An object that waits by `parkAs` is its name, and is also its undo: it has no options.
  private get _options(): ParkOptions | undefined {
    const what = this._what;
    return isGiven(what) && what !== this.undo ? what : undefined;
  }

  get isSettled(): boolean {
    return this._host === undefined;
  }

  get isAbandoned(): boolean {
    return this.undo === ABANDONED;
  }

  wake(value: T): boolean {
    if (!this._take()) return false;
    if (this.deliver === undefined && !isDue()) this.#resolve(value);
    else this._resolveLater(value);
    return true;
  }

  fail(error: unknown): boolean {
    if (!this._take()) return false;
    this._settleWith(error);
    return true;
  }

  // The caller that takes the waiter settles it, now, later in the same tick or in the next turn: exactly one does.
  private _take(): boolean {
    if (!remove<Registration>(this)) return false;
    settledWaits += 1;
    if (this.adoption !== undefined) this.adoption.release();
    if (waits.areWatched || waitEnded.hasSubscribers)
      announceEnd(this, currentFrame()._scope._task);
    return true;
  }

  _reach(wave: Wave): undefined {
    if (this._options?.shield !== true && this._take()) wave.abandon(this);
  }

  _outlive(host: Host<Registration>): void {
    remove<Registration>(this);
    append<Registration>(host, this);
  }

  _abandon(reason: CancelledError): void {
    // The scope is cancelled, and its next checkpoint says so: a wait that no code awaits may go.
    markHandled(this.promise);
    this._giveUp(reason);
  }

  _aborted(signal: AbortSignal): void {
    if (this._take()) this._giveUp(signal.reason);
  }

  private _giveUp(reason: unknown): void {
    try {
      this._undo();
    } finally {
      this.undo = ABANDONED;
      this._settleWith(reason);
    }
  }

  /** @internal Takes it forever: it is settled, and its caller never goes on. False if it was settled before. */
  _seize(): boolean {
    return this._take();
  }

  /** @internal Takes back what `register` did. */
  _undo(): void {
    const { undo } = this;
    if (typeof undo === 'function') undo();
    else undo?.abandon();
  }

  private _settleWith(error: unknown): void {
    if (this.deliver === undefined && !isDue()) this.#reject(error);
    else this._rejectLater(error);
  }

  // Apart: a function that could make a closure is slower also where it makes none.
  private _resolveLater(value: T): void {
    (this.deliver ?? defer)(() => {
      this.#resolve(value);
    }, this);
  }

  private _rejectLater(error: unknown): void {
    (this.deliver ?? defer)(() => {
      this.#reject(error);
    }, this);
  }
}

/** Importing leaves no promise that is pending: tools that look for leaks would report it. */
export function settled<W extends Waiter<unknown>>(waiter: W): W {
  append<Registration>({ _first: undefined }, waiter);
  waiter.wake(undefined);
  return waiter;
}

// Not by `typeof` alone: a name is not checked at the door, and may be null.
function isGiven(what: Waiter<unknown>['_what'] | null): what is ParkOptions {
  return typeof what === 'object' && what !== null;
}
