import type { Handle } from '@ambit/core';
import { contextHere } from './current-machine.ts';
import type { Life, Machine } from './machine.ts';

/** What a timer of the platform's gets. */
export interface TimerOrder {
  readonly callback: (...args: unknown[]) => void;
  readonly ms: number;
  readonly args: readonly unknown[];
  readonly isRepeated: boolean;
}

/** The time of a timer, as Node takes it: what is none is 1. */
export function delayOf(asked: unknown): number {
  const ms = Number(asked);
  return ms >= 1 && ms <= 0x7fffffff ? Math.trunc(ms) : 1;
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

/** Timers that were asked for their number, by it. */
const numbered = new Map<number, SimulatedTimer>();
/** Above all numbers that Node gives its own timers. */
let lastNumber = 2 ** 40;

/** A timer of code on a simulated machine: `NodeJS.Timeout`, in the loop's time. Gone with its machine. */
export class SimulatedTimer extends AlwaysRef {
  /** The timer that `clearTimeout` is given: itself, or its number, which can be a string. */
  static from(handle: unknown): SimulatedTimer | undefined {
    if (handle instanceof SimulatedTimer) return handle;
    const isNumber = typeof handle === 'number' || typeof handle === 'string';
    return isNumber ? numbered.get(Number(handle)) : undefined;
  }

  readonly #machine: Machine;
  readonly #order: TimerOrder;
  readonly #life: Life;
  readonly #inContext = contextHere();
  #handle: Handle | undefined;
  #number: number | undefined;

  constructor(machine: Machine, order: TimerOrder) {
    super();
    this.#machine = machine;
    this.#life = machine.life;
    this.#order = order;
    this.refresh();
  }

  refresh(): this {
    this.#disarm();
    const { world, timers, isUp } = this.#machine;
    if (!isUp || this.#life.isOver) return this;
    const handle = world.at(world.loop.now() + this.#order.ms, () => {
      timers.delete(handle);
      this.#fire();
    });
    this.#handle = handle;
    timers.add(handle);
    return this;
  }

  close(): this {
    this.#disarm();
    this.#forgetNumber();
    return this;
  }

  /** Its number, as Node's timers have one: `clearTimeout` takes it too. */
  [Symbol.toPrimitive](): number {
    this.#number ??= ++lastNumber;
    if (this.#handle !== undefined) numbered.set(this.#number, this);
    return this.#number;
  }

  #disarm(): void {
    if (this.#handle === undefined) return;
    this.#handle.cancel();
    this.#machine.timers.delete(this.#handle);
    this.#handle = undefined;
  }

  #forgetNumber(): void {
    if (this.#number !== undefined) numbered.delete(this.#number);
  }

  #fire(): void {
    const { callback, args, isRepeated } = this.#order;
    if (isRepeated) this.refresh();
    else this.close();
    this.#inContext(() => {
      callback(...args);
    });
  }
}

/** A turn of the virtual loop, for `setImmediate`. */
export class SimulatedTurn extends AlwaysRef {
  readonly #machine: Machine;
  readonly #handle: Handle | undefined;

  constructor(machine: Machine, callback: () => void) {
    super();
    this.#machine = machine;
    if (machine.isGrave) return;
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
    if (this.#handle === undefined) return;
    this.#handle.cancel();
    this.#machine.timers.delete(this.#handle);
  }
}
