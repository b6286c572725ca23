import type { Pace } from '../loop/slice.ts';

// So much may go on in one turn. Counted, since the host's clock, which a slow machine puts forward, must not decide what a test does.
const LONGEST_TURN = 1000;

interface Turning {
  callNext(callback: () => void): unknown;
  /** Whether the test has taken too long: nothing but its failure matters then. */
  isOverdue(): boolean;
}

/** Lets the host's timers and signals, and the time limit of a test, come through. */
export class VirtualPace implements Pace {
  readonly #loop: Turning;
  /** How much went on since the loop last turned, and what waits until it turns again. */
  #steps = 0;
  #deferred: (() => void)[] = [];

  constructor(loop: Turning) {
    this.#loop = loop;
  }

  /** The loop has turned. */
  turned(): void {
    this.#steps = 0;
  }

  isDue(): boolean {
    this.#steps += 1;
    return this.#deferred.length > 0 || this.#steps > LONGEST_TURN || this.#loop.isOverdue();
  }

  defer(settle: () => void): void {
    this.#deferred.push(settle);
    if (this.#deferred.length === 1) this.#loop.callNext(this.#goOn);
  }

  readonly #goOn = (): void => {
    const ready = this.#deferred;
    this.#deferred = [];
    for (const settle of ready) settle();
  };
}
