import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Collects all garbage. WeakRefs that were looked at hold their targets until the present turn is over. */
export async function collectGarbage(): Promise<void> {
  await new Promise(setImmediate);
  collect();
}

/** The bytes in use after a collection. */
export async function heapSize(): Promise<number> {
  await collectGarbage();
  return process.memoryUsage().heapUsed;
}
