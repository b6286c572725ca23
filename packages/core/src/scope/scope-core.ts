import { rareFields } from '../internal/keep-shapes.ts';
import { showBriefly } from '../internal/show-briefly.ts';
import { show } from '../internal/check.ts';
import { scopeCancelled } from '../diagnostics/channels.ts';
import type { Host } from '../internal/linked-list.ts';
import type { Runtime } from '../loop/runtime.ts';
import type { Timer } from '../loop/timer-heap.ts';
import { CancelledError } from './cancelled-error.ts';
import type { CancelDetails, CancelSource } from './cancelled-error.ts';
import type { CancelScope } from './cancel-scope.ts';
import type { Frame, TaskRef, Variables } from './frame.ts';
import type { Registration } from './propagation.ts';
import type { GroupRef } from './heir.ts';
import { endDraining, startDraining, tell } from './draining.ts';
import type { Draining } from './draining.ts';
import { ScopeNode } from './scope-node.ts';
import type { ScopeOptions } from './scope-options.ts';
import type { Adoption } from './signal-subscription.ts';
import { disarm, look, watch } from './triggers.ts';

/** The working of a scope: how it starts, is cancelled, and ends. Its public type is `CancelScope`. */
export abstract class ScopeCore extends ScopeNode {
  // Those of every scope are made by CancelScope: a class between two others costs nothing if it has no constructor, and makes no field.
  /** @internal */ declare _runtime: Runtime;
  /** @internal The task whose body this is part of. */
  declare _task: TaskRef | undefined;

  // Rare: the defaults are on the prototype, so that a scope without them does not pay for them.
  /** Shows in messages and in the task tree. */
  declare readonly name: string;
  /** True if `run()` ended because of this scope's own cancellation, and absorbed it. */
  declare readonly cancelCaught: boolean;
  /** @internal */ declare _variables: Variables | undefined;
  /** @internal The group whose scope this is. */
  declare _owner: GroupRef | undefined;
  /** @internal What is opened in it belongs to this group; undefined: to that of the scope around it. */
  declare _group: GroupRef | undefined;
  /** @internal */ declare _controller: AbortController | undefined;
  /** @internal */ declare _options: ScopeOptions | undefined;
  /** @internal */ declare _deadline: number;
  /** @internal */ declare _timer: Timer | undefined;
  /** @internal */ declare _adoption: Adoption | undefined;
  /** @internal It has started, and is still to be entered. */
  declare _awaitsEntry: boolean;
  /** @internal How many of the scopes that hang on it have code that waits in them. */
  declare _guests: number;
  /** @internal */ declare _draining: Draining | undefined;
  /** @internal Its grace is over. */ declare _isLeft: boolean;

  static {
    showBriefly(this.prototype, (scope) => scope._summary());
    rareFields(this.prototype, {
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
      _guests: 0,
      _draining: undefined,
      _isLeft: false,
    });
  }

  /** @internal */
  _configure(options: ScopeOptions): void {
    this._options = options;
    if (options.name !== undefined) (this as { name: string }).name = options.name;
    if (options.deadline !== undefined) this._deadline = options.deadline;
    if (options.shield === true) this._shield = true;
    if (options.signal?.aborted === true) this._aborted(options.signal);
  }

  /** @internal Takes its place in the tree: from here on deadlines count and cancellations arrive. */
  _start(here: Frame): void {
    const given = this._options?.parent;
    given?._startIdle(here);
    const parent = given ?? here._scope;
    // Where the ambient scope is unknown (no AsyncLocalStorage) a parent given by hand tells it all.
    const isNowhere = here._scope._parent === undefined;
    const { _task } = isNowhere ? parent : here._scope;
    const { _variables } = isNowhere && here === here._scope ? parent : here;
    this._open(parent, _task, _variables);
    if (this._own !== undefined) this._own._since ??= this._runtime.loop.now();
    watch(this);
    startDraining(this);
  }

  /** @internal At a use that does not enter it. */
  _startIdle(_here: Frame): void {
    // Only a scope that its user enters is used before.
  }

  /** @internal */
  _open(parent: ScopeCore, task: TaskRef | undefined, variables: Variables | undefined): void {
    const host = parent._nearestOpen();
    this._state = 'open';
    this._runtime = host._runtime;
    this._task = task;
    if (variables !== undefined) this._variables = variables;
    this._hang(parent as this);
    if (host._awaitsEntry && this._isWaitedIn) host._hold();
  }

  /** @internal */
  _cancelBy(source: CancelSource, reason: unknown, details?: CancelDetails): void {
    if (this._own !== undefined) return;
    const own = new CancelledError(this as unknown as CancelScope, source, reason, details);
    this._own = own;
    // One that has not started does not know its clock.
    if (this._state !== 'new') own._since = this._runtime.loop.now();
    if (scopeCancelled.hasSubscribers) {
      scopeCancelled.publish({ scope: this, reason: own, source, by: details?.by });
    }
    if (this._state === 'ended') return;
    disarm(this);
    if (this._reason === undefined) this._spread(own);
    else if (source === 'deadline') this._runOut(own);
  }

  /** @internal */
  override _spread(reason: CancelledError): void {
    super._spread(reason);
    // It drains too, and that goes through shields.
    tell(this, reason);
  }

  /** @internal What `run` resolves with once its cancellation has ended here. */
  _absorbed(): unknown {
    return undefined;
  }

  /** @internal The foreign signal has aborted. */
  _aborted(signal: AbortSignal): void {
    this._cancelBy('signal', signal.reason);
  }

  /** @internal The deadline has come. */
  _expire(): void {
    this._cancelBy('deadline', undefined);
  }

  /** @internal */
  _isHeard(): boolean {
    return this._controller !== undefined || this._draining !== undefined;
  }

  /** @internal */
  _notify(reason: CancelledError): void {
    this._draining?.controller?.abort(reason);
    this._controller?.abort(reason);
  }

  /** @internal */
  _look(): void {
    look(this, () => this._runtime.loop.now());
  }

  /** @internal By the clock too, for it and the scopes around it: what its users are told. */
  _reasonByClock(): CancelledError | undefined {
    if (this._here()._reason === undefined) this._runtime.notice(this);
    return this._here()._reason;
  }

  /** @internal By the clock if it has a deadline of its own: a look without a walk, for the many that Ambit takes itself. */
  _reasonOfStarted(): CancelledError | undefined {
    if (this._reason === undefined && this._deadline !== Infinity) this._runtime.timers.poll();
    return this._here()._reason;
  }

  /** @internal The timer of the earliest deadline that holds here and has passed by the clock without being noticed. */
  _overdue(now: number): Timer | undefined {
    let earliest: Timer | undefined;
    for (let scope: ScopeCore | undefined = this._here(); scope; scope = scope._parent) {
      // Not the deadline itself: the timer is by the clock that holds, also where tests have exchanged it.
      for (const timer of [scope._timer, scope._draining?.timer]) {
        if (timer?.owner === undefined || timer.when > now) continue;
        if (earliest === undefined || timer.when <= earliest.when) earliest = timer;
      }
      if (scope._shield) break;
    }
    return earliest;
  }

  /** @internal Whether the process has to stay alive for it. */
  get _isWaitedIn(): boolean {
    return true;
  }

  /** @internal Code begins to wait in it, or below it. */
  _hold(): void {
    // It does in every scope that does not await its entry.
  }

  /** @internal Such code waits no longer. */
  _letGo(): void {
    // Likewise.
  }

  /** @internal */
  override _outlive(host: Host<Registration>): void {
    super._outlive(host);
    const above = this._host as ScopeCore | undefined;
    if (above?._awaitsEntry === true && this._isWaitedIn) above._hold();
  }

  /** @internal */
  _end(): void {
    if (this._state === 'ended') return;
    disarm(this);
    endDraining(this);
    // Code that runs on in it, for example of a timer, may keep the scope: not what was in it.
    // A task's own scope tells whose end it is, also if it was disposed of: the task makes it forget.
    if (this._task?.scope !== (this as ScopeCore)) this._task = undefined;
    if (this._owner !== undefined) this._owner = undefined;
    if (this._group !== undefined) this._group = undefined;
    const host = this._host as ScopeCore | undefined;
    // Waits that are left behind go on in the host; a scope that is left behind is a guest of its own.
    const isGuest = host?._awaitsEntry === true && this._isWaitedIn && !hasWaits(this);
    this._leave();
    if (isGuest) host._letGo();
  }

  private _summary(): string {
    const name = `CancelScope ${this.name === '' ? '' : show(this.name)}`.trimEnd();
    return this._here()._reason === undefined ? name : `${name} (cancelled)`;
  }

  /** @internal */
  _label(): string {
    return this.name === '' ? 'this CancelScope' : `the CancelScope ${show(this.name)}`;
  }
}

function hasWaits(scope: ScopeCore): boolean {
  for (let below = scope._first; below !== undefined; below = below._next) {
    if (!(below instanceof ScopeNode)) return true;
  }
  return false;
}
