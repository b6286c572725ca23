// What the worker threads of bench/claims/threads.ts do.
import { parentPort } from 'node:worker_threads';

export function increment(value: number): number {
  return value + 1;
}

export function lengthOf(buffer: ArrayBuffer): number {
  return buffer.byteLength;
}

parentPort?.on('message', (value: unknown) => {
  if (typeof value === 'number') parentPort?.postMessage(increment(value));
});
