import { AsyncLocalStorage } from 'node:async_hooks';
import type { Life, Machine } from './machine.ts';

/** Calls a function in the context in which it was made. */
export type InContext = <R>(fn: () => R) => R;

/** Where code runs. */
interface Where {
  readonly life: Life;
  /** Whether its calls are the platform's own anyway. */
  readonly hasLeft: boolean;
}

const places = new AsyncLocalStorage<Where>();

/**
 * The simulated machine that the caller runs on; undefined outside of simulations. Nothing stops a native promise: code of
 * a process that is gone gets a machine on which nothing happens.
 */
export function currentMachine(): Machine | undefined {
  const where = places.getStore();
  return where?.hasLeft === false ? machineIn(where) : undefined;
}

/** The life of the process that the caller belongs to; undefined outside of simulations. */
export function currentLife(): Life | undefined {
  const where = places.getStore();
  return where?.hasLeft === false ? where.life : undefined;
}

function machineIn({ life }: Where): Machine {
  return life.isOver ? life.machine.grave : life.machine;
}

export function runOn<R>(machine: Machine, fn: () => R): R {
  return places.run({ life: machine.life, hasLeft: false }, fn);
}

/** Calls a function that works for a machine, and whose calls are the platform's own. */
export function leave<R>(fn: () => R): R {
  const where = places.getStore();
  return where?.hasLeft === false ? places.run({ ...where, hasLeft: true }, fn) : fn();
}

/** The simulated machine that the caller runs on, or works for. */
export function machineServed(): Machine | undefined {
  const where = places.getStore();
  return where === undefined ? undefined : machineIn(where);
}

/** The context of the caller, with all that other libraries keep in it. */
export function contextHere(): InContext {
  return AsyncLocalStorage.snapshot();
}

/** Calls a function in the context in which the program began. */
export const atRoot: InContext = AsyncLocalStorage.snapshot();
