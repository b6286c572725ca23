import { Wave } from './cancel-wave.ts';
import type { Registration } from './cancel-wave.ts';
import { append, remove } from './internal/linked-list.ts';
import type { Host } from './internal/linked-list.ts';

/**
 * A scope's place in the tree of scopes, and how a cancellation spreads from there. Knows neither time
 * nor context nor signals. `R` is the reason: one object for everything that is cancelled together.
 */
export abstract class ScopeNode<R> implements Host<Registration<R>>, Registration<R> {
  /** @internal */ _previous: Registration<R> | undefined;
  /** @internal */ _next: Registration<R> | undefined;
  /** @internal */ _host: Host<Registration<R>> | undefined;
  /** @internal */ _first: Registration<R> | undefined;
  /** @internal */ _last: Registration<R> | undefined;
  /** @internal The scope around it, once it is open. */
  _parent: this | undefined;
  /** @internal Why it is cancelled, by itself or from above: the first reason that reached it. */
  _reason: R | undefined;
  /** @internal */ _state: 'new' | 'open' | 'ended' = 'new';

  // Rare: defaults stand on the prototype, so that a scope without them does not pay for them.
  /** @internal Why it was cancelled itself; may differ from the reason that reached it first. */
  declare _own: R | undefined;
  /** @internal Keeps out what comes from above. */
  declare _shield: boolean;

  static {
    Object.assign(this.prototype, { _own: undefined, _shield: false });
  }

  /** @internal Whether it has somebody to tell, in the third phase of a cancellation. */
  abstract _isHeard(): boolean;
  /** @internal */
  abstract _notify(reason: R): void;

  /** Set while the scope is cancelled, by itself or by a scope around it that it is not shielded from. */
  get reason(): R | undefined {
    return this._here()._reason;
  }

  /** Whether cancellations from outside are kept out. Turning it off lets in what is waiting. */
  get shield(): boolean {
    return this._shield;
  }

  set shield(isOn: boolean) {
    if (this._shield === isOn) return;
    this._shield = isOn;
    const outer = this._parent?.reason;
    if (this._state !== 'open' || outer === undefined) return;
    if (!isOn) this._inherit();
    else if (this._reason !== undefined) relieve<R>(this, this._reason);
  }

  /** @internal */
  _isCancelledFromOutside(): boolean {
    return !this._shield && this._parent?.reason !== undefined;
  }

  /** @internal Hangs it below another: from here on cancellations arrive, one that is there already too. */
  _hang(parent: this): void {
    // Not an ended one: else scopes opened by code of the one before, in turn, would hold on to all.
    this._parent = parent._here();
    append<Registration<R>>(parent._nearestOpen(), this);
    this._inherit();
  }

  /** @internal */
  _rehang(parent: this): void {
    remove<Registration<R>>(this);
    this._hang(parent);
  }

  private _inherit(): void {
    const outer = this._parent?.reason;
    if (outer !== undefined && !this._shield && this._reason === undefined) this._spread(outer);
  }

  /** @internal Cancels it and everything below, shields apart. */
  _spread(reason: R): void {
    this._reason = reason;
    const wave = new Wave(reason);
    if (this._isHeard()) wave.notify(this);
    wave.travel(this);
  }

  /** @internal */
  _reach(wave: Wave<R>): this | undefined {
    if (this._shield || this._reason !== undefined) return undefined;
    this._reason = wave.reason;
    if (this._isHeard()) wave.notify(this);
    return this;
  }

  /** @internal What is still below it, floating promises say, is the scope's around it from now on. */
  _leave(): void {
    remove<Registration<R>>(this);
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
  _outlive(host: Host<Registration<R>>): void {
    remove<Registration<R>>(this);
    append<Registration<R>>(host, this);
    this._parent = this._parent?._here();
  }

  /** @internal Where code that runs on in it stands. Once cancelled, that is here for ever. */
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
function relieve<R>(shielded: ScopeNode<R>, outer: R): void {
  const trail: ScopeNode<R>[] = [shielded];
  for (let scope = trail.pop(); scope !== undefined; scope = trail.pop()) {
    if (scope._reason !== outer) continue;
    const inherited = scope._shield ? undefined : scope._parent?.reason;
    scope._reason = inherited ?? scope._own;
    for (let below = scope._first; below !== undefined; below = below._next) {
      if (below instanceof ScopeNode) trail.push(below as ScopeNode<R>);
    }
  }
}
