/*
 * The tree of scopes.
 *
 * Everything that lives hangs on a scope: child scopes, waits, callbacks. They are linked into one intrusive list for each
 * scope, so that attaching and leaving cost one step and no memory of their own. What a scope hangs on is its host; the scope
 * around it in the program is its parent. The two differ only once the parent has ended.
 *
 * A scope has one state (`new`, `open`, `ended`) and two reasons:
 *
 * - `_reason`: the first cancellation that reached it, from itself or from above. It is written once and kept (I6), except
 *   when the scope is shielded afterwards: `relieve` takes back what came from outside.
 * - `_own`: its own cancellation. It decides whether `run` absorbs the error, and may come later than `_reason`.
 *
 * What is to be preserved:
 *
 * - Cancellation goes down only (I3): `_spread` writes the reason here and lets a wave walk below. A shield, or a reason
 *   that is there already, ends the walk of that branch.
 * - A scope that is attached below a cancelled one is cancelled in the same call (`_inherit`); there is no moment in which
 *   code of a cancelled tree could wait.
 * - Code may run on in a scope that has ended, for example in a promise that was not awaited. It belongs to the nearest
 *   open scope around (`_here`, `_nearestOpen`), so its waits are still found by a cancellation. What was below an
 *   ended scope is handed over to that scope, not dropped.
 * - A scope that has ended holds nothing and is held by nothing but running code (I5). `_hang` therefore skips ended
 *   parents: scopes opened one inside the other by a loop would otherwise keep each other alive.
 *
 * All walks are loops. A tree may be deeper than the stack: a chain of 100,000 scopes is cancelled like one of ten.
 */
import { rareFields } from '../internal/keep-shapes.ts';
import { checkFlag } from '../internal/check-values.ts';
import type { CancelledError } from './cancelled-error.ts';
import { Wave } from './propagation.ts';
import type { Registration } from './propagation.ts';
import { append, remove } from '../internal/linked-list.ts';
import type { Host } from '../internal/linked-list.ts';

/**
 * A scope's place in the tree of scopes, and how a cancellation spreads from there. Knows neither time
 * nor context nor signals. The reason is one object for everything that is cancelled together.
 */
export abstract class ScopeNode {
  /** @internal */ declare _previous: Registration | undefined;
  /** @internal */ declare _next: Registration | undefined;
  /** @internal */ declare _host: Host<Registration> | undefined;
  /** @internal */ declare _first: Registration | undefined;
  /** @internal The scope around it, once it is open. */
  declare _parent: this | undefined;
  /** @internal Why it is cancelled, by itself or from above: the first reason that reached it. */
  declare _reason: CancelledError | undefined;
  /** @internal */ declare _state: 'new' | 'open' | 'ended';

  // Rare: the defaults are on the prototype, so that a scope without them does not pay for them.
  /** @internal Why it was cancelled itself; may differ from the reason that reached it first. */
  declare _own: CancelledError | undefined;
  /** @internal Keeps out what comes from above. */
  declare _shield: boolean;

  static {
    rareFields(this.prototype, { _own: undefined, _shield: false });
  }

  // Not by fields: they are defined one by one, by the runtime itself once there are scopes of more than four classes.
  constructor() {
    this._previous = undefined;
    this._next = undefined;
    this._host = undefined;
    this._first = undefined;
    this._parent = undefined;
    this._reason = undefined;
    this._state = 'new';
  }

  /** @internal Whether it has a signal to abort, in the third phase of a cancellation. */
  abstract _isHeard(): boolean;
  /** @internal */
  abstract _notify(reason: CancelledError): void;

  /** Set while the scope is cancelled, by itself or by a scope around it that it is not shielded from. */
  get reason(): CancelledError | undefined {
    return this._here()._reason;
  }

  /** Whether cancellations from outside are kept out. Turning it off lets in what is waiting. */
  get shield(): boolean {
    return this._shield;
  }

  set shield(isOn: boolean) {
    if (this._shield === isOn) return;
    checkFlag('CancelScope', 'shield', isOn);
    this._shield = isOn;
    const outer = this._parent?._here()._reason;
    if (this._state !== 'open' || outer === undefined) return;
    if (!isOn) this._inherit();
    else if (this._reason !== undefined) relieve(this, this._reason);
  }

  /** @internal */
  _isCancelledFromOutside(): boolean {
    return !this._shield && this._parent?._here()._reason !== undefined;
  }

  /** @internal Hangs it below another: from here on cancellations arrive, one that is there already too. */
  _hang(parent: this): void {
    // Not an ended one: else scopes opened by code of the one before, in turn, would hold on to all.
    this._parent = parent._here();
    append<Registration>(parent._nearestOpen(), this);
    this._inherit();
  }

  /** @internal */
  _rehang(parent: this): void {
    remove<Registration>(this);
    this._hang(parent);
  }

  private _inherit(): void {
    const outer = this._parent?._here()._reason;
    if (outer !== undefined && !this._shield && this._reason === undefined) this._spread(outer);
  }

  /** @internal Cancels it and everything below, shields apart. */
  _spread(reason: CancelledError): void {
    this._reason = reason;
    const wave = new Wave(reason);
    if (this._isHeard()) wave.notify(this);
    wave.travel(this);
  }

  /** @internal Its time is over, though it was cancelled before: heard by what hangs on it and bears cancellations. */
  _runOut(own: CancelledError): void {
    new Wave(own).travel(this);
  }

  /** @internal */
  _reach(wave: Wave): this | undefined {
    if (this._shield || this._reason !== undefined) return undefined;
    this._reason = wave.reason;
    if (this._isHeard()) wave.notify(this);
    return this;
  }

  /** @internal Moves the rest below it, for example floating promises, to the scope around it. */
  _leave(): void {
    remove<Registration>(this);
    this._state = 'ended';
    const host = this._nearestOpen();
    if (this._first !== undefined && host._state === 'open') this._handOver(host);
  }

  private _handOver(host: this): void {
    for (let below = this._first; below !== undefined; below = this._first) below._outlive(host);
    // A shield may have kept from them what holds there.
    if (host._reason !== undefined) host._spread(host._reason);
  }

  /** @internal */
  _outlive(host: Host<Registration>): void {
    remove<Registration>(this);
    append<Registration>(host, this);
    this._parent = this._parent?._here();
  }

  /** @internal Where code that runs on in it stands. Once cancelled, that is here forever. */
  _here(): this {
    return this._reason === undefined ? this._nearestOpen() : this;
  }

  /** @internal Code may run on in a scope that has ended: then the nearest open scope around holds. */
  _nearestOpen(): this {
    let scope = this;
    while (scope._state === 'ended' && scope._parent !== undefined) scope = scope._parent;
    return scope;
  }
}

/** Takes a cancellation that came from outside off a scope that has just been shielded from it. */
function relieve(shielded: ScopeNode, outer: CancelledError): void {
  const trail: ScopeNode[] = [shielded];
  for (let scope = trail.pop(); scope !== undefined; scope = trail.pop()) {
    if (scope._reason !== outer) continue;
    const inherited = scope._shield ? undefined : scope._parent?._here()._reason;
    scope._reason = inherited ?? scope._own;
    for (let below = scope._first; below !== undefined; below = below._next) {
      if (below instanceof ScopeNode) trail.push(below);
    }
  }
}
