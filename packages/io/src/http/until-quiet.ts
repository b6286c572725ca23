import type { CancelScope } from '@ambit/core';
import { currentLoop, park, waitsIn } from '@ambit/core/lowlevel';

/** Milliseconds between two looks. */
const LONGEST_PAUSE = 50;
/** Turns of the loop without a wait: code that has used up its slice goes on in the next one. */
const QUIET_TURNS = 3;

/**
 * Waits until nothing waits in the caller's scope any more, in the cancelled task of a listener that returns nothing: what
 * such a listener, for example that of express, has started is cleaning up, and its waits are all that is seen of it.
 */
export function untilQuiet(scope: CancelScope): Promise<void> {
  const loop = currentLoop();
  return park<void>(
    (waker) => {
      const look = (pause: number, quietTurns: number): void => {
        // This wait is one of them.
        if (waitsIn(scope) > 1) {
          loop.callLater(pause, () => look(Math.min(2 * pause, LONGEST_PAUSE), 0));
        } else if (quietTurns === QUIET_TURNS) waker.wake();
        else loop.callNext(() => look(1, quietTurns + 1));
      };
      loop.callNext(() => look(1, 0));
    },
    { shield: true, name: 'the cleanup of the listener' },
  );
}
