import { currentRuntime } from '../cancel-scope.ts';
import { park } from '../park.ts';
import { nextHostTurn } from './host.ts';
import { VirtualLoop } from './virtual-loop.ts';

/**
 * Waits until all other tasks are blocked: until in two turns of the host's loop nothing of the virtual
 * loop became ready. Time does not move meanwhile. A checkpoint.
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
      else
        nextHostTurn(() => {
          nextHostTurn(wake);
        });
    },
    { name: 'settle' },
  );
}
