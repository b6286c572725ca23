import { promisify } from 'node:util';
import type { Machine } from './machine.ts';
import { SimulatedTimer, SimulatedTurn } from './simulated-timer.ts';

interface Promised {
  readonly value: unknown;
  readonly options: unknown;
}

interface Closable {
  close(): unknown;
}

type Arm = (fire: () => void) => Closable;

/** `setTimeout` of `timers/promises`. */
export function pause(machine: Machine, ms: number, promised: Promised): Promise<unknown> {
  const own = ms >= 1 ? ms : 1;
  return promise(promised, (fire) => {
    return new SimulatedTimer(machine, { callback: fire, ms: own, args: [], isRepeated: false });
  });
}

/** `setImmediate` of `timers/promises`. */
export function turn(machine: Machine, promised: Promised): Promise<unknown> {
  return promise(promised, (fire) => new SimulatedTurn(machine, fire));
}

/** `setInterval` of `timers/promises`. */
export async function* endlessTicks(
  machine: Machine,
  ms: number,
  promised: Promised,
): AsyncGenerator {
  for (;;) yield await pause(machine, ms, promised);
}

async function promise({ value, options }: Promised, arm: Arm): Promise<unknown> {
  const { signal } = (options ?? {}) as { signal?: AbortSignal };
  await promisify((done: (error: Error | null) => void) => {
    const abort = (): void => {
      timer.close();
      const error = new Error('The operation was aborted', { cause: signal?.reason });
      done(Object.assign(error, { name: 'AbortError', code: 'ABORT_ERR' }));
    };
    const timer = arm(() => {
      signal?.removeEventListener('abort', abort);
      done(null);
    });
    if (signal?.aborted === true) abort();
    else signal?.addEventListener('abort', abort, { once: true });
  })();
  return value;
}
