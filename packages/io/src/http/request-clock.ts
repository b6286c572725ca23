import type { CancelledError, CancelScope, Handle } from '@ambit/core';
import { currentLoop } from '@ambit/core/lowlevel';
import { QUIET } from './http-connection.ts';

/** The time limits of one request. */
export class RequestClock {
  #isWatching = false;
  #late: Handle | undefined;

  /**
   * Cancels the scope of the request when its time is over; the earliest of several limits holds.
   *
   * @param late - called if the scope was cancelled, and a moment has passed
   */
  limit(scope: CancelScope, milliseconds: number, late: () => void): void {
    const loop = currentLoop();
    const deadline = loop.now() + Math.max(milliseconds, 0);
    if (deadline >= scope.deadline) return;
    scope.deadline = deadline;
    if (this.#isWatching) return;
    this.#isWatching = true;
    scope.onCancel(() => {
      this.#late = loop.callLater(QUIET, late);
    });
  }

  /** The request is over: no timer of it stays. */
  end(): void {
    this.#late?.cancel();
  }
}

/** Of a request that ran out of its own time, and of one that is cancelled because the service ends. */
export function statusOf(reason: CancelledError, scope: CancelScope | undefined): number {
  return reason.source === 'deadline' && reason.scope === scope ? 504 : 503;
}
