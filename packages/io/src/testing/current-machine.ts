import { AsyncLocalStorage } from 'node:async_hooks';
import type { Machine } from './machine.ts';

/** Calls a function in the context in which it was made. */
export type InContext = <R>(fn: () => R) => R;

const machines = new AsyncLocalStorage<Machine>();

/** The simulated machine that the caller runs on; undefined outside of simulations. */
export function currentMachine(): Machine | undefined {
  return machines.getStore();
}

export function runOn<R>(machine: Machine, fn: () => R): R {
  return machines.run(machine, fn);
}

/** The context of the caller, with all that other libraries keep in it. */
export function contextHere(): InContext {
  return AsyncLocalStorage.snapshot();
}

/** Calls a function in the context in which the program began. */
export const atRoot: InContext = AsyncLocalStorage.snapshot();
