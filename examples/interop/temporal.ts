// An activity of Temporal: what it starts is cancelled when Temporal cancels the activity.
import { Context } from '@temporalio/activity';
import { sleep, taskGroup } from '@ambit/core';

// #region activity
/**
 * Makes an activity of Temporal out of a function that knows nothing of it. Temporal tells of a cancellation in its answer to a
 * heartbeat, so one is sent as long as the function runs.
 *
 * @param every - milliseconds between two heartbeats; less than the activity's `heartbeatTimeout`
 */
export function activity<Args extends unknown[], T>(
  body: (...args: Args) => Promise<T>,
  { every }: { readonly every: number },
): (...args: Args) => Promise<T> {
  return (...args) => {
    const { cancellationSignal, heartbeat } = Context.current();
    return taskGroup(
      (group) => {
        const beat = async (): Promise<never> => {
          for (;;) {
            heartbeat();
            await sleep(every);
          }
        };
        group.spawn(beat, { name: 'heartbeats', daemon: true });
        return body(...args);
      },
      { signal: cancellationSignal },
    );
  };
}
// #endregion activity
