import timers from 'node:timers';
import timersPromises from 'node:timers/promises';
import { promisify } from 'node:util';
import { atRoot } from './current-machine.ts';
import type { Machine } from './machine.ts';
import { patch } from './patch.ts';
import { SimulatedTimer, SimulatedTurn } from './simulated-timer.ts';
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
    pause(machine, Number(ms), { value, options }),
  );
  patch(timersPromises, 'setImmediate', (machine, _self, [value, options]) =>
    turn(machine, { value, options }),
  );
  patch(timersPromises, 'setInterval', (machine, _self, [ms, value, options]) =>
    endlessTicks(machine, Number(ms), { value, options }),
  );
  patch(Object.getPrototypeOf(timersPromises.scheduler) as object, 'wait', (machine, _self, args) =>
    pause(machine, Number(args[0]), { value: undefined, options: args[1] }),
  );
}

function timer(
  machine: Machine,
  [callback, ms, ...args]: unknown[],
  { isRepeated }: { readonly isRepeated: boolean },
): SimulatedTimer {
  const asked = Number(ms);
  // As Node: what is no time of a timer is 1.
  const own = asked >= 1 && asked <= 0x7fffffff ? Math.trunc(asked) : 1;
  return new SimulatedTimer(machine, { callback: callback as Callback, ms: own, args, isRepeated });
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
  const own = target as Record<string, (timer: unknown) => void>;
  const original = own[name] as (timer: unknown) => void;
  const clear = (handle: unknown): void => {
    if (handle instanceof SimulatedTimer || handle instanceof SimulatedTurn) handle.close();
    else original(handle);
  };
  Object.defineProperty(target, name, { value: clear, writable: true, configurable: true });
}

function patchPromised(target: typeof timers): void {
  patch(
    target.setTimeout,
    promisify.custom as unknown as string,
    (machine, _self, [ms, value, options]) => pause(machine, Number(ms), { value, options }),
  );
  patch(
    target.setImmediate,
    promisify.custom as unknown as string,
    (machine, _self, [value, options]) => turn(machine, { value, options }),
  );
}
