import { waitBegun, waitEnded } from './channels.ts';

/** The task that waits, or that ended a wait. */
export interface WaitingTask {
  readonly id: number;
}

/** What is told of each wait without a message: a message for each costs as much as the rest of a record. */
export interface WaitWatcher {
  readonly waitBegan: (waiter: never, task: WaitingTask | undefined) => void;
  readonly waitEnded: (waiter: never, by: WaitingTask | undefined) => void;
}

const watchers = new Set<WaitWatcher>();

/** Read before each wait: without a watcher, a wait costs two property reads more. */
export const waits: { areWatched: boolean } = { areWatched: false };

/** Has a watcher told of each wait, until the result is called. */
export function watchWaits(watcher: WaitWatcher): () => void {
  watchers.add(watcher);
  waits.areWatched = true;
  return () => {
    watchers.delete(watcher);
    waits.areWatched = watchers.size > 0;
  };
}

export function announceBegin(waiter: object, task: WaitingTask | undefined): void {
  for (const watcher of watchers) watcher.waitBegan(waiter as never, task);
  if (waitBegun.hasSubscribers) waitBegun.publish({ waiter, task });
}

export function announceEnd(waiter: object, by: WaitingTask | undefined): void {
  for (const watcher of watchers) watcher.waitEnded(waiter as never, by);
  if (waitEnded.hasSubscribers) waitEnded.publish({ waiter, by });
}
