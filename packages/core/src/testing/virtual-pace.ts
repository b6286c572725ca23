import type { Pace } from '../loop/slice.ts';
import { currentFrame } from '../scope/any-scope.ts';
import { isCrashed } from './crashed.ts';

// So much may go on in one turn. Counted, since the host's clock, which a slow machine puts forward, must not decide what a test does.
const LONGEST_TURN = 1000;

interface Turning {
  callNext(callback: () => void): unknown;
  /** Whether the test has taken too long: nothing but its failure matters then. */
  isOverdue(): boolean;
}

/** What goes on when the loop has turned, unless its scope has crashed by then. */
interface Deferred {
  readonly scope: object | undefined;
  readonly settle: () => void;
}

/** Lets the host's timers and signals, and the time limit of a test, come through. */
export class VirtualPace implements Pace {
  readonly #loop: Turning;
  /** How much went on since the loop last turned, and what waits until it turns again. */
  #steps = 0;
  #deferred: Deferred[] = [];

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

  defer(settle: () => void, waiter: { readonly scope?: object } = {}): void {
    this.#deferred.push({ scope: waiter.scope ?? currentFrame()._scope, settle });
    if (this.#deferred.length === 1) this.#loop.callNext(this.#goOn);
  }

  readonly #goOn = (): void => {
    const ready = this.#deferred;
    this.#deferred = [];
    for (const { scope, settle } of ready) if (!isCrashed(scope)) settle();
  };
}
