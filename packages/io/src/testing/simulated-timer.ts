import type { Handle } from '@ambit/core';
import { contextHere } from './current-machine.ts';
import type { Machine } from './machine.ts';

/** What a timer of the platform's gets. */
export interface TimerOrder {
  readonly callback: (...args: unknown[]) => void;
  readonly ms: number;
  readonly args: readonly unknown[];
  readonly isRepeated: boolean;
}

/** What the timers of a machine have in common: each keeps its machine going, also after unref(). */
abstract class AlwaysRef {
  abstract close(): unknown;

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  hasRef(): boolean {
    return true;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** A timer of code on a simulated machine: `NodeJS.Timeout`, in the loop's time. Gone with its machine. */
export class SimulatedTimer extends AlwaysRef {
  readonly #machine: Machine;
  readonly #order: TimerOrder;
  readonly #inContext = contextHere();
  #handle: Handle | undefined;

  constructor(machine: Machine, order: TimerOrder) {
    super();
    this.#machine = machine;
    this.#order = order;
    this.refresh();
  }

  refresh(): this {
    this.close();
    const { world, timers, isUp } = this.#machine;
    if (!isUp) return this;
    const handle = world.at(world.loop.now() + this.#order.ms, () => {
      timers.delete(handle);
      this.#fire();
    });
    this.#handle = handle;
    timers.add(handle);
    return this;
  }

  close(): this {
    if (this.#handle === undefined) return this;
    this.#handle.cancel();
    this.#machine.timers.delete(this.#handle);
    this.#handle = undefined;
    return this;
  }

  #fire(): void {
    const { callback, args, isRepeated } = this.#order;
    if (isRepeated) this.refresh();
    this.#inContext(() => {
      callback(...args);
    });
  }
}

/** A turn of the virtual loop, for `setImmediate`. */
export class SimulatedTurn extends AlwaysRef {
  readonly #machine: Machine;
  readonly #handle: Handle;

  constructor(machine: Machine, callback: () => void) {
    super();
    this.#machine = machine;
    const inContext = contextHere();
    const { world, timers } = machine;
    const handle = world.outside(() =>
      world.loop.callNext(() => {
        timers.delete(handle);
        inContext(callback);
      }),
    );
    this.#handle = handle;
    timers.add(handle);
  }

  close(): void {
    this.#handle.cancel();
    this.#machine.timers.delete(this.#handle);
  }
}
