// #region worker
import { workerScope } from '@ambit/io';
import type { MessagePort } from 'node:worker_threads';

export function sumTo(limit: number, progress: MessagePort): number {
  let sum = 0;
  for (let i = 1; i <= limit; i += 1) {
    sum += i;
    if (i % (limit / 4) > 0) continue;
    workerScope().throwIfCancelled();
    progress.postMessage(i / limit);
  }
  return sum;
}
// #endregion worker
