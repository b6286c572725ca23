import type { EventLoop, Handle } from '../loop/event-loop.ts';
import { Timers } from '../loop/timers.ts';
import type { Expiring, Timer } from '../loop/timer-heap.ts';

/** A clock that tells of each heap that begins to be needed. */
interface ManualClock {
  now(): number;
  /** @internal */ _touch(): void;
}

/** A timer of a virtual loop, in its heap of those that move time, or in the heap of the idle ones. */
export class VirtualTimer implements Handle {
  readonly when: number;
  readonly #expiring: Expiring;
  readonly #idleTimers: Timers;
  #heap: Timers;
  #timer: Timer;

  constructor(
    when: number,
    expiring: Expiring,
    heaps: { readonly timers: Timers; readonly idle: Timers },
  ) {
    this.when = when;
    this.#expiring = expiring;
    this.#heap = heaps.timers;
    this.#idleTimers = heaps.idle;
    this.#timer = heaps.timers.add(when, expiring);
  }

  cancel(): void {
    this.#heap.remove(this.#timer);
  }

  /** @internal From now on no code waits for it. */
  _idle(): void {
    this.cancel();
    this.#heap = this.#idleTimers;
    this.#timer = this.#heap.add(this.when, this.#expiring);
  }
}

/** A heap that no timer of a loop wakes: the virtual loop looks at it itself. */
export function manualTimers(clock: ManualClock): Timers {
  const loop = {
    now: () => clock.now(),
    callAt: () => {
      clock._touch();
      return dormant;
    },
  };
  return new Timers(loop as unknown as EventLoop);
}

const dormant: Handle = { when: -Infinity, cancel: () => undefined };
