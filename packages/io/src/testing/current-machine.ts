import { AsyncLocalStorage } from 'node:async_hooks';
import type { Machine } from './machine.ts';

/** Calls a function in the context in which it was made. */
export type InContext = <R>(fn: () => R) => R;

/** Where code runs. */
interface Where {
  readonly machine: Machine;
  /** Whether its calls are the platform's own anyway. */
  readonly hasLeft: boolean;
}

const places = new AsyncLocalStorage<Where>();

/** The simulated machine that the caller runs on; undefined outside of simulations. */
export function currentMachine(): Machine | undefined {
  const where = places.getStore();
  return where?.hasLeft === false ? where.machine : undefined;
}

export function runOn<R>(machine: Machine, fn: () => R): R {
  return places.run({ machine, hasLeft: false }, fn);
}

/** Calls a function that works for a machine, and whose calls are the platform's own. */
export function leave<R>(fn: () => R): R {
  const where = places.getStore();
  return where?.hasLeft === false ? places.run({ ...where, hasLeft: true }, fn) : fn();
}

/** The simulated machine that the caller runs on, or works for. */
export function machineServed(): Machine | undefined {
  return places.getStore()?.machine;
}

/** The context of the caller, with all that other libraries keep in it. */
export function contextHere(): InContext {
  return AsyncLocalStorage.snapshot();
}

/** Calls a function in the context in which the program began. */
export const atRoot: InContext = AsyncLocalStorage.snapshot();
