import { ambient } from '../ambient.ts';
import { checkFunction, checkOptions, checkTime } from '../check.ts';
import type { EventLoop, Handle } from '../event-loop.ts';
import { microtask } from '../internal/microtask.ts';
import { callSafely } from '../internal/report-later.ts';
import { Timers } from '../timers.ts';
import type { Timer } from '../timers.ts';
import { nextHostTurn } from './host.ts';

// In so many turns of the host's loop nothing must have happened here before we say that all is quiet.
const QUIET_TURNS = 2;

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
  readonly #timers: Timers;
  // To look at what happens must not hold the context of who happened to begin with it.
  readonly #outside = ambient.snapshot();
  readonly #settlers: (() => void)[] = [];
  #now = 0;
  /** Counts what becomes ready. */
  #activity = 0;
  #isWatching = false;
  #isHalted = false;

  /** @param options - `autojump`: whether time moves by itself (default), or by `advance` only */
  constructor(options?: { readonly autojump?: boolean | undefined }) {
    checkOptions('VirtualLoop', options);
    this.#isJumping = options?.autojump ?? true;
    // A heap that nobody needs to wake: this loop looks at it itself.
    this.#timers = new Timers({
      now: () => this.#now,
      callAt: () => dormant,
    } as unknown as EventLoop);
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
    let isCancelled = false;
    this.#activity += 1;
    nextHostTurn(() => {
      if (isCancelled || this.#isHalted) return;
      this.#activity += 1;
      callback();
    });
    return {
      when: this.#now,
      cancel: () => {
        isCancelled = true;
      },
    };
  }

  callLater(ms: number, callback: () => void): Handle {
    checkTime('callLater', 'ms', ms);
    return this.callAt(this.#now + Math.max(ms, 0), callback);
  }

  callAt(instant: number, callback: () => void): Handle {
    checkTime('callAt', 'instant', instant);
    checkFunction('callAt', 'callback', callback);
    this.#activity += 1;
    if (instant === Infinity) return { when: instant, cancel: () => undefined };
    const restore = ambient.snapshot();
    const timer: Timer = this.#timers.add(instant, {
      _expire: () => {
        this.#activity += 1;
        callSafely(restore, callback);
      },
    });
    this.#watch();
    return {
      when: instant,
      cancel: () => {
        this.#timers.remove(timer);
      },
    };
  }

  /**
   * Moves the clock, stopping at each timer on the way until everything is blocked again.
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
    await this._quiet();
    for (let next = this.#timers.earliest; next <= target; next = this.#timers.earliest) {
      this.#jumpTo(next);
      await this._quiet();
    }
    this.#now = Math.max(this.#now, target);
  }

  /** How many timers are pending. */
  get pendingTimers(): number {
    return this.#timers.size;
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

  /** @internal Calls back when everything is blocked, before time jumps. */
  _onQuiet(callback: () => void): void {
    this.#settlers.push(callback);
    this.#watch();
  }

  #jumpTo(instant: number): void {
    this.#now = Math.max(this.#now, instant);
    this.#timers.poll();
  }

  #watch(): void {
    if (this.#isWatching) return;
    this.#isWatching = true;
    this.#outside(() => {
      this.#look(this.#activity, 0);
    });
  }

  #look(seen: number, quietTurns: number): void {
    nextHostTurn(() => {
      if (this.#isHalted) return;
      if (this.#activity !== seen) this.#look(this.#activity, 0);
      else if (quietTurns + 1 < QUIET_TURNS) this.#look(seen, quietTurns + 1);
      else if (this.#proceed()) this.#look(this.#activity, 0);
      else this.#isWatching = false;
    });
  }

  /** All is blocked: tells one who waits for that, else jumps. False if there is nothing to do. */
  #proceed(): boolean {
    const settler = this.#settlers.shift();
    if (settler !== undefined) {
      settler();
      return true;
    }
    const next = this.#timers.earliest;
    if (!this.#isJumping || next === Infinity) return false;
    this.#jumpTo(next);
    return true;
  }
}

const dormant: Handle = { when: -Infinity, cancel: () => undefined };
