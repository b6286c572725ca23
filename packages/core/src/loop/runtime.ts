import type { EventLoop } from './event-loop.ts';
import { hostLoop } from './event-loop.ts';
import { hostPace, isDue } from './slice.ts';
import type { Pace } from './slice.ts';
import type { Timer } from './timer-heap.ts';
import { Timers } from './timers.ts';

/** A loop that does not turn with the host's. */
interface PacedLoop extends EventLoop {
  readonly _pace?: Pace;
}

interface RuntimeOptions {
  readonly debug?: boolean | undefined;
  /** Default: new ones on the loop. */
  readonly timers?: Timers | undefined;
}

/** A scope, as its deadlines see it. */
interface Limited {
  _overdue(now: number): Timer | undefined;
}

/** What all scopes of one `run()` share; outside of any, the host loop's. */
export class Runtime {
  /** Until a test makes a loop of its own: then there is no need to look which runtime a call is of. */
  static areAllPacedByHost = true;

  readonly loop: EventLoop;
  readonly timers: Timers;
  readonly debug: boolean;
  /** Decides whether what is ready goes on in this turn. */
  readonly pace: Pace;
  /** Decides when waits that were woken resume. Undefined: the host's pace does. */
  deliver: ((settle: () => void, waiter: object) => void) | undefined;
  /** Whether no wait begins any more: that of what has crashed. */
  isOver = false;
  /** From 0 to below 1: a test gives its own, so that what came of a seed comes of it again. */
  random: () => number = Math.random;
  /** In debug mode: called for each wait that says which tasks block it. */
  onBlocked: (() => void) | undefined;

  constructor(loop: EventLoop, options: RuntimeOptions = {}) {
    this.loop = loop;
    this.timers = options.timers ?? new Timers(loop);
    this.debug = options.debug === true;
    const pace = (loop as PacedLoop)._pace;
    this.pace = pace ?? hostPace;
    if (pace !== undefined) {
      Runtime.areAllPacedByHost = false;
      this.deliver = (settle, waiter) => {
        if (pace.isDue()) pace.defer(settle, waiter);
        else settle();
      };
    }
  }

  /** Called by each checkpoint, with its scope: expires what is due by the clock. A test may do more here. */
  passCheckpoint(_scope: Limited): void {
    this.timers.poll();
  }

  /**
   * Called by each wait that is about to begin, with its scope. Expires what is due by the clock only if that cancels the scope, which is
   * done first: what else is due might let go of what the caller is to wait for, after it has looked and before it is in line, or move the
   * deadline. Then no code would wake it.
   */
  passWait(scope: Limited): void {
    this.notice(scope);
  }

  /** Expires what is due by the clock, if that cancels the scope. */
  notice(scope: Limited): void {
    if (!this.timers.isDue) return;
    const timer = scope._overdue(this.loop.now());
    if (timer === undefined) return;
    this.timers.expire(timer);
    this.timers.poll();
  }

  /** A promise of the next turn if this one has used up its slice. Nothing cancels it. */
  pause(): Promise<void> | undefined {
    // The host's by name: a call that the engine can inline, at the end of every scope.
    if (Runtime.areAllPacedByHost ? !isDue() : !this.pace.isDue()) return undefined;
    return nextSlice(this.pace);
  }
}

// Apart from `pause`: a function that makes an arrow somewhere has a context for what the arrow uses in each call, also in those that make
// none. The same goes for `late`.
function nextSlice(pace: Pace): Promise<void> {
  return new Promise((resolve) => {
    pace.defer(resolve);
  });
}

export const hostRuntime: Runtime = new Runtime(hostLoop);

/**
 * Makes a promise of a value that comes out after a pause. Apart from the code that asks for the pause: a function that makes an arrow
 * has a context for it in each call. Waits for the pause; nothing cancels it.
 *
 * @param pause - what `yieldIfDue` returned
 * @param value - is not lost in a cancellation
 * @returns a promise of the value: never rejects
 * @example
 * const pause = yieldIfDue();
 * return pause === undefined ? value : late(pause, value);
 */
export function late<T>(pause: Promise<void>, value: T): Promise<T> {
  return pause.then(() => value);
}
