import { keepShape } from '../internal/keep-shapes.ts';
import { AnyScope, currentFrame } from './any-scope.ts';
import type { CancelledError } from './cancelled-error.ts';
import type { Frame } from './frame.ts';
import { runWithGrace } from './run-with-grace.ts';
import type { ScopeCore } from './scope-core.ts';
import { checkScopeOptions } from './scope-options.ts';
import type { ScopeOptions } from './scope-options.ts';
import { ownSignal } from './signal-subscription.ts';
import { reasonBeforeStart, runtimeOf, startAll } from './starting.ts';
import { look, noteWaits } from './triggers.ts';

/*
 * A scope that a user makes.
 *
 * It starts at its first use of any kind, and may be entered later (`_awaitsEntry`) or never. Until it is entered, or a scope that is
 * entered hangs below it (its guests), no code waits in it: then its timer does not keep the process alive.
 *
 * Those that Ambit makes are entered at once, and have no options that a user gave. So they are of the class above, and all that is
 * here is in a bundle only if the program names `CancelScope`.
 */

/**
 * A part of the program that can be cancelled as a whole: every wait in it, in its child scopes and
 * in the tasks of its groups. A plain object in the tree of scopes; a signal, a timer or a listener
 * exists only once it is asked for, and goes with the scope.
 *
 * @example
 * const scope = new CancelScope({ timeout: 500 });
 * const answer = await scope.run(() => ask(scope.signal)); // undefined if it was cut short
 */
export class CancelScope extends AnyScope {
  static {
    keepShape(this, new CancelScope());
  }

  /** @internal */
  override _configure(options: ScopeOptions): void {
    checkScopeOptions('CancelScope', options);
    super._configure(options);
  }

  /** Every scope is one: those that Ambit makes lack only what comes before they are entered. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    if (this === CancelScope) return value instanceof AnyScope;
    return Function.prototype[Symbol.hasInstance].call(this, value);
  }

  /** @internal It has started, and awaits its entry. */
  override _startIdle(here: Frame): void {
    if (this._state === 'new') startAll(this, here);
  }

  /** @internal */
  override _enter<T, U>(body: (scope: this) => T | PromiseLike<T>): Promise<T | U> {
    const running = super._enter<T, U>(body);
    const grace = this._options?.grace ?? Infinity;
    return grace === Infinity ? running : runWithGrace(this, grace, running);
  }

  /** @internal */
  override _enterOnce(): void {
    if (!this._awaitsEntry || this._state !== 'open') {
      super._enterOnce();
      return;
    }
    this._awaitsEntry = false;
    if (this._guests === 0) waitsBegin(this);
  }

  /** Aborted when the scope is cancelled, with the {@link CancelledError}. Made on first read. */
  override get signal(): AbortSignal {
    const isNew = this._controller === undefined;
    const made = super.signal;
    if (isNew && this._awaitsEntry) ownSignal(made, this);
    return made;
  }

  /** Set while the scope is cancelled, by itself or by a scope around it that it is not shielded from. */
  override get reason(): CancelledError | undefined {
    return this._state === 'new' ? reasonBeforeStart(this) : super.reason;
  }

  /** @internal */
  override _look(): void {
    look(this, () => runtimeOf(this, currentFrame()).loop.now());
  }

  /** @internal */
  override get _isWaitedIn(): boolean {
    return !this._awaitsEntry || this._guests > 0;
  }

  /** @internal */
  override _hold(): void {
    this._guests += 1;
    if (this._guests === 1) waitsBegin(this);
  }

  /** @internal */
  override _letGo(): void {
    this._guests -= 1;
    if (this._isWaitedIn || this._state !== 'open') return;
    noteWaits(this);
    const host = this._host as ScopeCore | undefined;
    if (host?._awaitsEntry === true) host._letGo();
  }
}

/** Code begins to wait in it: its timer keeps the process alive, and so do those of the scopes that it hangs on. */
function waitsBegin(scope: CancelScope): void {
  noteWaits(scope);
  const host = scope._host as ScopeCore | undefined;
  if (host?._awaitsEntry === true) host._hold();
}
