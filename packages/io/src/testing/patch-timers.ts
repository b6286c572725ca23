import timers from 'node:timers';
import timersPromises from 'node:timers/promises';
import { promisify } from 'node:util';
import { atRoot } from './current-machine.ts';
import type { Machine } from './machine.ts';
import { patch } from './patch.ts';
import { delayOf, SimulatedTimer, SimulatedTurn } from './simulated-timer.ts';
import { endlessTicks, pause, turn } from './timer-promises.ts';

type Callback = (...args: unknown[]) => void;

/** Timers of code on a simulated machine go by the loop's time. */
export function patchTimers(): void {
  for (const target of [globalThis, timers]) {
    patchTimeout(target);
    patch(target, 'setInterval', (machine, _self, args) =>
      timer(machine, args, { isRepeated: true }),
    );
    patch(target, 'setImmediate', (machine, _self, [callback, ...args]) => {
      return new SimulatedTurn(machine, () => {
        (callback as Callback)(...args);
      });
    });
    for (const name of ['clearTimeout', 'clearInterval', 'clearImmediate'])
      patchClear(target, name);
    patchPromised(target as typeof timers);
  }
  patchPromises();
  patchSignals();
}

function patchTimeout(target: typeof globalThis | typeof timers): void {
  const { setTimeout: original } = target;
  patch(target, 'setTimeout', (machine, _self, args) => {
    if (!isUndicisTick(args)) return timer(machine, args, { isRepeated: false });
    return atRoot(() => Reflect.apply(original, undefined, args) as NodeJS.Timeout);
  });
}

function patchPromises(): void {
  patch(timersPromises, 'setTimeout', (machine, _self, [ms, value, options]) =>
    pause(machine, ms, { value, options }),
  );
  patch(timersPromises, 'setImmediate', (machine, _self, [value, options]) =>
    turn(machine, { value, options }),
  );
  patch(timersPromises, 'setInterval', (machine, _self, [ms, value, options]) =>
    endlessTicks(machine, ms, { value, options }),
  );
  const scheduler = Object.getPrototypeOf(timersPromises.scheduler) as object;
  patch(scheduler, 'wait', (machine, _self, [ms, options]) =>
    pause(machine, ms, { value: undefined, options }),
  );
  patch(scheduler, 'yield', (machine) => turn(machine, { value: undefined, options: undefined }));
}

/** `AbortSignal.timeout`. */
function patchSignals(): void {
  const { AbortSignal: Signal, DOMException: Exception } = globalThis;
  const timeout = Signal.timeout.bind(Signal);
  patch(Signal, 'timeout', (machine, _self, [ms]) => {
    // What is no time the platform refuses.
    if (!(Number(ms) >= 0 && Number(ms) <= 0xffffffff)) return timeout(ms as number);
    const controller = new AbortController();
    const callback = (): void => {
      const text = 'The operation was aborted due to timeout';
      controller.abort(new Exception(text, 'TimeoutError'));
    };
    timer(machine, [callback, ms], { isRepeated: false });
    return controller.signal;
  });
}

function timer(
  machine: Machine,
  [callback, ms, ...args]: unknown[],
  { isRepeated }: { readonly isRepeated: boolean },
): SimulatedTimer {
  const order = { ms: delayOf(ms), args, isRepeated };
  return new SimulatedTimer(machine, { ...order, callback: callback as Callback });
}

/**
 * Undici counts its time limits by one timer for the whole process. On a machine it would end with that machine, and with it
 * the limits of all others, also of later simulations.
 */
function isUndicisTick([callback, ms]: unknown[]): boolean {
  return ms === 499 && typeof callback === 'function' && callback.name === 'onTick';
}

/** A timer can be cleared from anywhere. */
function patchClear(target: object, name: string): void {
  const { [name]: original } = target as Record<string, (timer: unknown) => void>;
  const clear = (handle: unknown): void => {
    const own = handle instanceof SimulatedTurn ? handle : SimulatedTimer.from(handle);
    if (own !== undefined) own.close();
    else original?.(handle);
  };
  Object.defineProperty(target, name, { value: clear, writable: true, configurable: true });
}

function patchPromised(target: typeof timers): void {
  patch(
    target.setTimeout,
    promisify.custom as unknown as string,
    (machine, _self, [ms, value, options]) => pause(machine, ms, { value, options }),
  );
  patch(
    target.setImmediate,
    promisify.custom as unknown as string,
    (machine, _self, [value, options]) => turn(machine, { value, options }),
  );
}
