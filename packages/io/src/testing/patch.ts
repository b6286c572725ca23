import { currentMachine } from './current-machine.ts';
import type { Machine } from './machine.ts';

type Fn = (this: unknown, ...args: never[]) => unknown;

/** What a function of the platform does on a simulated machine instead. */
export type InHost = (machine: Machine, self: unknown, args: unknown[]) => unknown;

/** Has a function of the platform do something else for code that runs on a simulated machine. */
export function patch(target: object, name: string, inHost: InHost): void {
  patchOf(target, name, { inHost, machineOf: currentMachine });
}

/** What is done instead, and on which machine: undefined if the call is none of a simulation. */
export interface Instead {
  readonly inHost: InHost;
  machineOf(this: void, self: unknown): Machine | undefined;
}

/** The same for methods of objects that stay on their machine, wherever the call comes from. */
export function patchOf(target: object, name: string, instead: Instead): void {
  const own = target as Record<string, Fn>;
  const original = own[name];
  if (original === undefined) return;
  const replaced = function (this: unknown, ...args: never[]): unknown {
    const machine = instead.machineOf(this);
    if (machine === undefined) return original.apply(this, args);
    return instead.inHost(machine, this, args);
  };
  // What hangs on it stays: `promisify.custom`, `hrtime.bigint`.
  const { prototype: _prototype, ...parts } = Object.getOwnPropertyDescriptors(original) as Record<
    string,
    PropertyDescriptor
  >;
  for (const part of Reflect.ownKeys(parts) as string[]) {
    Object.defineProperty(replaced, part, { ...parts[part], configurable: true });
  }
  Object.defineProperty(target, name, { value: replaced, writable: true, configurable: true });
}
