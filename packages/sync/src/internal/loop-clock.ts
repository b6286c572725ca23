import type { EventLoop, Handle } from '@ambit/core';
import { currentLoop, idleTimer } from '@ambit/core/lowlevel';

/**
 * The clock of a primitive that may outlive a `run()`. Loops do not agree on what time it is: a primitive
 * that is next used on another loop moves the instants that it keeps, so that its time goes on from where
 * it stood.
 */
export class LoopClock {
  #loop: EventLoop | undefined;

  /**
   * Goes on by the loop of the caller.
   *
   * @returns by how much that is ahead of the loop before: the instants that are kept move by it
   */
  follow(): number {
    const loop = currentLoop();
    const before = this.#loop ?? loop;
    this.#loop = loop;
    return before === loop ? 0 : loop.now() - before.now();
  }

  /** The present instant, by the loop that was followed last. */
  now(): number {
    return this.#followed.now();
  }

  callAt(instant: number, callback: () => void): Handle {
    return this.#followed.callAt(instant, callback);
  }

  /** By a timer that does not keep the process alive. */
  callIdleAt(instant: number, callback: () => void): Handle {
    return idleTimer(this.#followed, instant, callback);
  }

  get #followed(): EventLoop {
    return (this.#loop ??= currentLoop());
  }
}
