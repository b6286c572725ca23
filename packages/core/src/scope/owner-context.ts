import { ambient } from '../loop/ambient.ts';
import { AnyScope, currentFrame } from './any-scope.ts';
import type { Frame, Variables } from './frame.ts';
import { checkFunction } from '../internal/check.ts';
import { VariableFrame } from './context-var.ts';

/** Options for {@link CallForOwner}. */
export interface MakeOptions {
  /** Aborting it cancels the work, in addition to the ambient scope. */
  readonly signal?: AbortSignal | undefined;
}

/** Calls a function for the present caller, in the context of the owner; see {@link captureOwner}. */
export type CallForOwner = <T>(make: () => T | PromiseLike<T>, options?: MakeOptions) => Promise<T>;

/** Work that a caller waits for and another owner will keep: the frames of both. */
export interface Ownership {
  readonly home: Frame;
  readonly caller: Frame;
}

// Stands among the variables of the work, and so in all that the work awaits and spawns.
const KEY = {};

/** The ownership that a frame carries; undefined outside of such work. */
export function ownershipOf(frame: Frame): Ownership | undefined {
  for (let at = frame._variables; at !== undefined; at = at.outer) {
    if (at.key === KEY) return at.value as Ownership;
  }
  return undefined;
}

/**
 * Captures the present context as that of an owner: of a pool, a cache, anything that has others wait
 * while it makes what it will keep. What is opened by the calls belongs to the group around the owner
 * (or to none), never to that of the caller that happened to need it first; context variables have the
 * owner's values. The scope and the task are the caller's, for it is the caller that waits: its
 * cancellation and its `signal` reach the work (decision 15).
 *
 * @returns calls a function so, and waits for it; rejects with what the function throws, or with
 *   `signal.reason` if the signal cut it short
 * @example
 * class Lazy<T> {
 *   readonly #own = captureOwner();
 *   get(make: () => Promise<T>): Promise<T> {
 *     return this.#own(make);
 *   }
 * }
 */
export function captureOwner(): CallForOwner {
  const home = currentFrame();
  const restore = ambient.snapshot();
  return async (make, options) => {
    checkFunction('captureOwner', 'make', make);
    const caller = currentFrame();
    const value: Ownership = { home, caller };
    const variables: Variables = { key: KEY, value, outer: home._variables };
    const frame = new VariableFrame(caller._scope, variables);
    const signal = options?.signal;
    const call = signal === undefined ? make : () => cutBy(signal, make);
    return restore(() => ambient.run(frame, call));
  };
}

/** Ends with the reason of its signal. */
class SignalScope extends AnyScope {
  override _absorbed(): never {
    throw this._own?.source === 'signal' ? this._own.reason : this._own;
  }
}

function cutBy<T>(signal: AbortSignal, body: () => T | PromiseLike<T>): Promise<T> {
  return new SignalScope({ signal })._enter<T, never>(body);
}
