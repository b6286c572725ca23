import { inContext, inKeptContext } from './ambient.ts';
import { checkFunction, checkTime } from '../internal/check.ts';
import { microtask } from '../internal/microtask.ts';
import { callSafely } from '../internal/report-later.ts';

/** A callback that is still to be called. */
export interface Handle {
  /** The instant it is due, in milliseconds of its loop's clock. */
  readonly when: number;
  /** Takes it back; once it was called, does nothing. */
  cancel(): void;
}

/**
 * Time and turns, as asyncio's event loop has them. Instants are milliseconds of a monotonic clock.
 * Callbacks run in the async context of the call that registered them.
 *
 * @example
 * const loop = getRunningLoop();
 * const handle = loop.callLater(250, () => console.log('a quarter of a second later'));
 * handle.cancel();
 */
export interface EventLoop {
  /** The present instant. */
  now(): number;
  /**
   * Calls back in a microtask.
   *
   * @param callback - called with nothing
   */
  callSoon(callback: () => void): void;
  /**
   * Calls back in the next turn of the host's loop, after timers and I/O had their chance.
   *
   * @returns the way to take it back
   */
  callNext(callback: () => void): Handle;
  /**
   * Calls back after `ms` milliseconds, never early; `Infinity`: never; negative: as 0.
   *
   * @param ms - milliseconds
   * @returns the way to take it back
   */
  callLater(ms: number, callback: () => void): Handle;
  /**
   * Calls back at an instant, never early; `Infinity`: never.
   *
   * @param instant - milliseconds of this clock
   * @returns the way to take it back
   */
  callAt(instant: number, callback: () => void): Handle;
}

// What setTimeout can hold; a longer delay would fire after 1 ms.
const LONGEST_DELAY = 2 ** 31 - 1;

const host = globalThis as unknown as {
  performance: { now: (this: unknown) => number; nodeTiming?: { readonly idleTime?: number } };
  setTimeout: (this: void, callback: () => void, ms: number) => unknown;
  clearTimeout: (this: void, timer: unknown) => void;
  setImmediate?: (this: void, callback: () => void) => unknown;
  clearImmediate?: (this: void, immediate: unknown) => void;
};

// The host's own, also while a test runner has put fake ones in: to let others run is no matter of time.
const { performance, setImmediate, setTimeout: realTimeout, clearImmediate } = host;
const realNow = performance.now;

/** The host's clock with its timers. Fake timers of test runners are another one, and so is what comes after them. */
class HostClock {
  readonly setTimeout = host.setTimeout;
  readonly clearTimeout = host.clearTimeout;
  readonly isReal = host.setTimeout === realTimeout;
  readonly #performance = host.performance;
  // Fake timers may replace the function in the object.
  readonly #now = host.performance.now;

  now(): number {
    return this.#now.call(this.#performance);
  }
}

let clock = new HostClock();

function currentClock(): HostClock {
  if (host.setTimeout !== clock.setTimeout) clock = new HostClock();
  return clock;
}

/** A host timer that is not early, and holds longer than the host's own can. Stays with the clock it was armed by. */
class HostTimer implements Handle {
  readonly when: number;
  readonly #clock = currentClock();
  readonly #callback: () => void;
  #timer: unknown;
  #isResting = false;

  constructor(when: number, callback: () => void) {
    this.when = when;
    this.#callback = callback;
    if (when !== Infinity) this.#arm();
  }

  #arm(): void {
    const { setTimeout } = this.#clock;
    const delay = Math.ceil(this.when - this.#clock.now());
    this.#timer = setTimeout(this.#fire, Math.min(Math.max(delay, 0), LONGEST_DELAY));
    if (this.#isResting) this._rest();
  }

  // Node's timers fire up to a millisecond early by performance.now(): look again, and wait again.
  readonly #fire = (): void => {
    if (this.#clock.now() < this.when) {
      this.#arm();
      return;
    }
    const callback = this.#callback;
    callback();
  };

  cancel(): void {
    const { clearTimeout } = this.#clock;
    clearTimeout(this.#timer);
  }

  /** @internal Stays armed, but no longer keeps the process alive; false where that cannot be. */
  _rest(): boolean {
    const timer = this.#timer as Partial<NodeJS.Timeout> | undefined;
    if (typeof timer?.unref !== 'function') return false;
    this.#isResting = true;
    timer.unref();
    this.#isResting = true;
    return true;
  }

  /** @internal From now on it does not keep the process alive. */
  _idle(): void {
    this._rest();
  }

  /** @internal Keeps the process alive again. */
  _resume(): void {
    this.#isResting = false;
    (this.#timer as NodeJS.Timeout).ref();
  }
}

/** A callback in the next turn of the host's loop. */
class HostTurn implements Handle {
  readonly when: number;
  #cancelled = false;
  readonly #immediate: unknown = undefined;

  constructor(when: number, callback: () => void) {
    this.when = when;
    const call = (): void => {
      if (!this.#cancelled) callback();
    };
    if (setImmediate === undefined) postTurn(call);
    else this.#immediate = setImmediate(inKeptContext(call));
  }

  cancel(): void {
    this.#cancelled = true;
    clearImmediate?.(this.#immediate);
  }
}

let channel: InstanceType<typeof MessageChannel> | undefined;
const turns: (() => void)[] = [];

// Where there is no setImmediate: a message to ourselves is a turn that is not slowed down to 4 ms,
// as nested setTimeout(0) is.
function postTurn(callback: () => void): void {
  if (channel === undefined) {
    channel = new MessageChannel();
    Object.assign(channel.port1, {
      onmessage: () => {
        const next = turns.shift();
        if (next !== undefined) callSafely(next, undefined);
      },
      // To a listener of the program's no wait is a loss; this is none (loss-watch).
      isOfAmbit: true,
    });
  }
  // What a message brings has no context, also where the runtime keeps it across waits.
  turns.push(inContext(callback));
  channel.port2.postMessage(undefined);
}

class HostLoop implements EventLoop {
  now(): number {
    return currentClock().now();
  }

  /** @internal Another one once a test has put fake timers in, or taken them away. */
  _clock(): HostClock {
    return currentClock();
  }

  callSoon(callback: () => void): void {
    checkFunction('callSoon', 'callback', callback);
    microtask(callback);
  }

  callNext(callback: () => void): Handle {
    checkFunction('callNext', 'callback', callback);
    return new HostTurn(this.now(), callback);
  }

  callLater(ms: number, callback: () => void): Handle {
    checkTime('callLater', 'ms', ms);
    return this.callAt(this.now() + Math.max(ms, 0), callback);
  }

  callAt(instant: number, callback: () => void): Handle {
    checkTime('callAt', 'instant', instant);
    checkFunction('callAt', 'callback', callback);
    return new HostTimer(instant, callback);
  }
}

/**
 * Calls back as {@link EventLoop.callAt} does, by a timer that does not keep the process alive, where the host
 * can do so: for what may be tidied up later or never.
 *
 * @param instant - milliseconds of the loop's clock
 * @param callback - called once, at the instant or later
 * @returns the way to take it back
 * @example
 * const timer = idleTimer(getRunningLoop(), expiresAt, () => this.#cache.clear());
 */
export function idleTimer(loop: EventLoop, instant: number, callback: () => void): Handle {
  const handle: Handle & { _idle?(): void } = loop.callAt(instant, callback);
  handle._idle?.();
  return handle;
}

/** The loop that the runtime itself turns. */
export const hostLoop: EventLoop = new HostLoop();

/** What the host's clock says, also while a test runner has put a fake one in its place. */
export function hostNow(): number {
  return host.setTimeout === realTimeout ? performance.now() : realNow.call(performance);
}

/** For how long the host's loop has had nothing to do, in all; 0 where the host does not tell. */
export function hostIdleTime(): number {
  return performance.nodeTiming?.idleTime ?? 0;
}
