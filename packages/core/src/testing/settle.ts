import { currentRuntime } from '../scope/current-scope.ts';
import { park } from '../waiting/park.ts';
import { countSettledWaits } from '../waiting/waiter.ts';
import { nextHostTurn } from './host.ts';
import { VirtualLoop } from './virtual-loop.ts';

// The number of turns of the host's loop in which no wait must have ended.
const QUIET_TURNS = 2;

/**
 * Waits until all other tasks are blocked: until in two turns of the host's loop nothing became ready.
 * Virtual time does not move meanwhile. A checkpoint.
 *
 * @throws (rejects) the ambient scope's CancelledError
 * @example
 * group.spawn(() => lock.acquire());
 * await settle();
 * assert(lock.statistics().waiting === 1);
 */
export function settle(): Promise<void> {
  const { loop } = currentRuntime();
  return park<void>(
    (waker) => {
      const wake = (): void => {
        waker.wake();
      };
      if (loop instanceof VirtualLoop) loop._onQuiet(wake);
      else onQuietHost(wake);
    },
    { name: 'settle' },
  );
}

function onQuietHost(callback: () => void): void {
  const look = (seen: number, quietTurns: number): void => {
    nextHostTurn(() => {
      const now = countSettledWaits();
      if (now !== seen) look(now, 0);
      else if (quietTurns + 1 < QUIET_TURNS) look(seen, quietTurns + 1);
      else callback();
    });
  };
  look(countSettledWaits(), 0);
}
