import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';
import type { Slot } from '../slot.ts';
import type { LossWatch } from './loss-watch.ts';

/** Where the frames of a thread are, and the class of its scopes once a copy of this package has it. */
interface Frames {
  readonly storage: AsyncLocalStorage<object>;
  Scope?: unknown;
}

/*
 * The storage is found by the global object, so that code which knows nothing of this package can call functions that load it only then:
 * the threads of io's WorkerPool. The frames that such code has put there make their scopes when they are asked for one. Of several
 * copies of this package the first has it.
 */
const FRAMES = Symbol.for('@ambit/core:frames');
const found = (globalThis as { [FRAMES]?: Frames })[FRAMES];
const frames: Frames =
  found === undefined || found.Scope !== undefined ? { storage: new AsyncLocalStorage() } : found;
// Where the global object is frozen there is none: that throws nothing.
Reflect.set(globalThis, FRAMES, found ?? frames);

/** For frames that were there before this package was. */
export function offerScopes(Scope: unknown): void {
  frames.Scope = Scope;
}

/** The ambient slot where the runtime has `AsyncLocalStorage`: its value follows every `await`. */
export class Ambient<F> {
  /** Whether the value holds beyond an `await`. */
  readonly isFollowing: boolean = true;

  /** Nothing is lost. */
  declare readonly watch: LossWatch | undefined;

  readonly #storage = frames.storage as unknown as AsyncLocalStorage<F>;

  /** The slot is for runtimes that have no such storage. */
  // eslint-disable-next-line @typescript-eslint/no-useless-constructor -- called with the slot wherever it is
  constructor(_slot?: Slot) {}

  get(): F | undefined {
    return this.#storage.getStore();
  }

  run<A extends unknown[], R>(value: F | undefined, fn: (...args: A) => R, ...args: A): R {
    return this.#storage.run(value as F, fn, ...args);
  }

  /** Everything ambient as of now, other libraries' stores too. */
  snapshot(): <R>(fn: () => R) => R {
    const resource = new AsyncResource('AMBIT', { requireManualDestroy: true });
    // It restores its stores anyway. Not destroyed until it is collected, as that of
    // AsyncLocalStorage.snapshot(), it is a leak to `vitest --detect-async-leaks`.
    resource.emitDestroy();
    // Before Node 24 a `run` inside of the resource stores its value in the resource, where it is found when that is entered once more.
    const value = this.#storage.getStore();
    // An arrow more: `run` of the storage gives its callback `null` as `this`.
    return (fn) => resource.runInAsyncScope(() => this.#storage.run(value as F, () => fn()));
  }
}
