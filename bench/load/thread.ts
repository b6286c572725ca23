// What the worker threads of bench/claims/io.ts do.
import { parentPort } from 'node:worker_threads';

export function increment(value: number): number {
  return value + 1;
}

parentPort?.on('message', (value: unknown) => {
  if (typeof value === 'number') parentPort?.postMessage(increment(value));
});
