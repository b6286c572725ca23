import { keepShape } from '../internal/keep-shapes.ts';
import { AnyScope } from '../scope/any-scope.ts';
import type { Frame } from '../scope/frame.ts';
import { TimeoutError } from '../scope/timeout-error.ts';
import type { Timer } from '../loop/timer-heap.ts';

/** A scope that fails when its time is over. Has a place in itself for what other scopes rarely have. */
export class TimeLimit extends AnyScope {
  static {
    keepShape(this, new TimeLimit(0));
  }

  override _deadline: number;
  override _timer: Timer | undefined = undefined;
  readonly #ms: number;
  readonly #message: string | undefined;

  /** `ms`: from its start on, if it is not up to an instant. */
  constructor(ms: number, message?: string, instant: number = Infinity) {
    super();
    this._deadline = instant;
    this.#ms = ms;
    this.#message = message;
  }

  // Here, where the scope around is known: looking for it costs something on Node 20.
  override _start(here: Frame): void {
    if (this._deadline === Infinity) {
      this._deadline = here._scope._nearestOpen()._runtime.loop.now() + this.#ms;
    }
    super._start(here);
  }

  override _absorbed(): unknown {
    if (this._own?.source !== 'deadline') throw this._own as Error;
    throw new TimeoutError(this.#ms, this, this.#message);
  }
}
