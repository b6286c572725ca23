import { promisify } from 'node:util';
import type { Machine } from './machine.ts';
import { delayOf, SimulatedTimer, SimulatedTurn } from './simulated-timer.ts';

interface Promised {
  readonly value: unknown;
  readonly options: unknown;
}

interface Closable {
  close(): unknown;
}

type Arm = (fire: () => void) => Closable;

/** `setTimeout` of `timers/promises`. */
export function pause(machine: Machine, ms: unknown, promised: Promised): Promise<unknown> {
  const order = { ms: delayOf(ms), args: [], isRepeated: false };
  return promise(promised, (fire) => new SimulatedTimer(machine, { ...order, callback: fire }));
}

/** `setImmediate` of `timers/promises`. */
export function turn(machine: Machine, promised: Promised): Promise<unknown> {
  return promise(promised, (fire) => new SimulatedTurn(machine, fire));
}

/** `setInterval` of `timers/promises`: ticks that come while the loop is at work are not lost. */
export async function* endlessTicks(
  machine: Machine,
  ms: unknown,
  { value, options }: Promised,
): AsyncGenerator {
  const { signal } = (options ?? {}) as { signal?: AbortSignal };
  if (signal?.aborted === true) throw aborted(signal);
  const ticks = new Ticks(machine, delayOf(ms));
  const end = (): void => {
    ticks.end();
  };
  signal?.addEventListener('abort', end, { once: true });
  try {
    while (await ticks.next()) yield value;
    throw aborted(signal);
  } finally {
    ticks.end();
    signal?.removeEventListener('abort', end);
  }
}

/** The beat of an interval, and how often it has gone unheard. */
class Ticks {
  readonly #timer: SimulatedTimer;
  #unheard = 0;
  #isOver = false;
  #wake: (() => void) | undefined;

  constructor(machine: Machine, ms: number) {
    const callback = (): void => {
      this.#unheard += 1;
      this.#wake?.();
    };
    this.#timer = new SimulatedTimer(machine, { callback, ms, args: [], isRepeated: true });
  }

  /** Waits for the next one, unless there is one already; false once it is over. */
  async next(): Promise<boolean> {
    if (this.#unheard === 0 && !this.#isOver) {
      await promisify((done: (error: null) => void) => {
        this.#wake = () => {
          done(null);
        };
      })();
    }
    if (this.#unheard === 0) return false;
    this.#unheard -= 1;
    return true;
  }

  end(): void {
    this.#isOver = true;
    this.#timer.close();
    this.#wake?.();
  }
}

function aborted(signal: AbortSignal | undefined): Error {
  const error = new Error('The operation was aborted', { cause: signal?.reason });
  return Object.assign(error, { name: 'AbortError', code: 'ABORT_ERR' });
}

async function promise({ value, options }: Promised, arm: Arm): Promise<unknown> {
  const { signal } = (options ?? {}) as { signal?: AbortSignal };
  await promisify((done: (error: Error | null) => void) => {
    const abort = (): void => {
      timer.close();
      done(aborted(signal));
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
