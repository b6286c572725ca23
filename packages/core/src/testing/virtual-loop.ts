import type { Timers } from '../loop/timers.ts';
import { ambient, inKeptContext } from '../loop/ambient.ts';
import { checkFunction, checkTime } from '../internal/check.ts';
import { hostNow } from '../loop/event-loop.ts';
import type { EventLoop, Handle } from '../loop/event-loop.ts';
import { currentFrame } from '../scope/any-scope.ts';
import { currentRuntime } from '../scope/current-scope.ts';
import { microtask } from '../internal/microtask.ts';
import { callSafely } from '../internal/report-later.ts';
import { checkLoopOptions, originOf } from './virtual-date.ts';
import type { VirtualLoopOptions } from './virtual-date.ts';
import { unlessCrashed } from './crashed.ts';
import { Holds } from './holds.ts';
import { nextHostTurn } from './host.ts';
import { Schedule } from './schedule.ts';
import { Watch } from './watch.ts';
import { VirtualPace } from './virtual-pace.ts';
import { manualTimers, VirtualTimer } from './virtual-timer.ts';

/**
 * An event loop with a clock of its own, which stands still while anything can run. When everything is
 * blocked it jumps to the next timer: a test of hours takes milliseconds, in the same order each time.
 *
 * @example
 * const loop = new VirtualLoop();
 * await run(() => sleep(3_600_000), { loop, signals: [] });
 * loop.now(); // 3600000
 */
export class VirtualLoop implements EventLoop {
  readonly #isJumping: boolean;
  /** @internal Also those of a test that runs on this loop. */
  readonly _timers: Timers = manualTimers(this);
  /** Those that no code waits for: time passes them, and does not move for them. */
  readonly #idle = manualTimers(this);
  readonly #watch: Watch;
  readonly #settlers: (() => void)[] = [];
  readonly #holds = new Holds(() => this._touch());
  #now = 0;
  /** @internal The instant of the host's clock at which a test has taken too long: nothing but its failure matters then. */
  _limit = Infinity;
  /** @internal Lets one thing happen at a time, in an order that a test chooses. */
  _schedule: Schedule | undefined;
  /** @internal Called when nothing is ready and no timer is left. */
  _onStuck: (() => void) | undefined;
  /** @internal */
  readonly _pace: VirtualPace = new VirtualPace({
    callNext: (callback) => this.callNext(callback),
    isOverdue: () => hostNow() > this._limit,
  });
  #isHalted = false;

  /** @internal The time of day at 0, in milliseconds since 1970. */
  readonly _origin: number;

  constructor(options?: VirtualLoopOptions) {
    checkLoopOptions(options);
    this._origin = originOf(options?.date);
    this.#isJumping = options?.autojump ?? true;
    this.#watch = new Watch({
      isHalted: () => this.#isHalted,
      step: () => this.#step(),
      proceed: () => this.#proceed(),
      rest: () => this.#rest(),
    });
  }

  now(): number {
    return this.#now;
  }

  callSoon(callback: () => void): void {
    checkFunction('callSoon', 'callback', callback);
    microtask(callback);
  }

  callNext(callback: () => void): Handle {
    checkFunction('callNext', 'callback', callback);
    const own = unlessCrashed(inKeptContext(callback));
    this.#watch.note();
    if (this._schedule !== undefined) return this._schedule.callNext(own);
    let isCancelled = false;
    nextHostTurn(() => {
      if (isCancelled || this.#isHalted) return;
      this.#becomesReady();
      own();
    });
    return {
      when: this.#now,
      cancel: () => void (isCancelled = true),
    };
  }

  callLater(ms: number, callback: () => void): Handle {
    checkTime('callLater', 'ms', ms);
    return this.callAt(this.#now + Math.max(ms, 0), callback);
  }

  callAt(instant: number, callback: () => void): Handle {
    checkTime('callAt', 'instant', instant);
    checkFunction('callAt', 'callback', callback);
    this.#watch.note();
    if (instant === Infinity) return { when: instant, cancel: () => undefined };
    const restore = ambient.snapshot();
    const expiring = {
      _scope: currentFrame()._scope,
      _expire: () => {
        this.#becomesReady();
        callSafely(restore, callback);
      },
    };
    this.#watch.begin();
    return new VirtualTimer(instant, expiring, { timers: this._timers, idle: this.#idle });
  }

  /**
   * Lets time stand still until the result is disposed of: while a thread pool, a file or a socket is at
   * work, which no loop sees. Code that is ready goes on. Any number of holds can overlap. One of a scope that
   * crashes ends with it. The files, processes and threads of `@ambit/io` hold it themselves.
   *
   * @returns dispose of it once; a second time does nothing
   * @example
   * using _hold = loop.hold();
   * const text = await readFile(path, 'utf8'); // no timeout passes meanwhile
   */
  hold(): Disposable {
    return this.#holds.begin(currentFrame()._scope);
  }

  /**
   * Moves the clock, stopping at each timer on the way until everything is blocked again.
   *
   * Waits for what holds time.
   *
   * @param ms - milliseconds, not negative
   * @returns once everything is blocked at the new instant
   * @throws (rejects) RangeError for a negative time or NaN
   */
  async advance(ms: number): Promise<void> {
    checkTime('VirtualLoop.advance', 'ms', ms);
    if (ms < 0 || ms === Infinity) {
      throw new RangeError(`VirtualLoop.advance: ms is ${String(ms)}; give a number from 0`);
    }
    const target = this.#now + ms;
    await this.#free();
    for (let next = this.#next; next <= target; next = this.#next) {
      this.#jumpTo(next);
      await this.#free();
    }
    this.#now = Math.max(this.#now, target);
  }

  /** How many timers are pending, idle ones not counted. */
  get pendingTimers(): number {
    return this._timers.size;
  }

  /** @internal One thing happens at a time from now on, in the usual order: a crash stops all that has not happened. */
  stepByStep(): void {
    if (this._schedule !== undefined) return;
    this._schedule = new Schedule(this, { choose: () => 0 });
    currentRuntime().deliver = this._schedule.deliver;
  }

  /** @internal Nothing here is ever called back again: what waits for this loop stays where it is. */
  _halt(): void {
    this.#isHalted = true;
  }

  /** @internal Resolves when everything is blocked. */
  _quiet(): Promise<void> {
    return new Promise((resolve) => {
      this._onQuiet(resolve);
    });
  }

  /** Resolves when everything is blocked, and nothing holds time. */
  async #free(): Promise<void> {
    await this._quiet();
    while (!this.#holds.areNone) {
      await new Promise<void>((resolve) => {
        this.#holds.onNone(resolve);
      });
      await this._quiet();
    }
  }

  /** @internal Removes the timers and holds of scopes. */
  _forget(isGone: (scope: object | undefined) => boolean): void {
    for (const timer of this._timers.dueAt(Infinity)) {
      if (isGone(timer.owner?._scope)) this._timers.remove(timer);
    }
    this.#holds.forget(isGone);
  }

  /** @internal Calls back when everything is blocked, before time jumps. */
  _onQuiet(callback: () => void): void {
    this.#settlers.push(callback);
    this.#watch.begin();
  }

  /** The instant of the earliest timer of all. */
  get #next(): number {
    return Math.min(this._timers.earliest, this.#idle.earliest);
  }

  /** @internal Something is ready, or will be. */
  _touch(): void {
    this.#watch.note();
    this.#watch.begin();
  }

  /** @internal Time passes, and no timer expires yet but the idle ones. */
  _moveTo(instant: number): void {
    this.#now = Math.max(this.#now, instant);
    this.#idle.poll();
  }

  #becomesReady(): void {
    this.#watch.note();
    this._pace.turned();
  }

  #jumpTo(instant: number): void {
    this._moveTo(instant);
    if (this._schedule === undefined) this._timers.poll();
  }

  #step(): boolean {
    if (this._schedule?.step() !== true) return false;
    this.#becomesReady();
    return true;
  }

  #rest(): void {
    if (this._timers.earliest === Infinity && this.#holds.areNone) this._onStuck?.();
  }

  /** All is blocked: wakes a caller that waits for that, else jumps. False if there is nothing to do. */
  #proceed(): boolean {
    const settler = this.#settlers.shift();
    if (settler !== undefined) {
      settler();
      return true;
    }
    if (!this.#isJumping || !this.#holds.areNone) return false;
    if (this._timers.earliest === Infinity) return false;
    this.#jumpTo(this.#next);
    return true;
  }
}
