import cluster from 'node:cluster';
import { currentScope, shield } from '@ambit/core';
import { once } from '@ambit/io';

// #region worker
/** Runs a worker until it ends. It is told to stop when the program drains, and killed when that is cancelled. */
export async function runWorker(): Promise<void> {
  const worker = cluster.fork();
  const ended = (): Promise<unknown> => once(worker, 'exit');
  const { draining } = currentScope();
  const stop = (): boolean => worker.process.kill('SIGTERM');
  draining.addEventListener('abort', stop);
  try {
    await ended();
  } finally {
    draining.removeEventListener('abort', stop);
    if (!worker.isDead()) {
      worker.process.kill('SIGKILL');
      await shield(ended);
    }
  }
}
// #endregion worker
