import { contextSnapshot, shield } from '@ambit/core';
import type { EventLoop, Handle } from '@ambit/core';
import { captureOwner, currentLoop, idleTimer } from '@ambit/core/lowlevel';
import type { WaitOptions } from '../internal/options.ts';
import type { ResourcePoolOptions } from './resource-pool-options.ts';

/** A resource that exists. */
export interface Pooled<T> {
  readonly value: T;
  readonly born: number;
  /** Since when it is idle. */
  idleSince: number;
}

/**
 * Calls the functions of a pool's options in the context in which the pool was constructed, and knows the
 * time there: what is made belongs to the pool, and outlives the call that needed it.
 */
export class Lifecycle<T> {
  /** Errors of `destroy` that no call of `drain()` has reported yet. */
  readonly failures: unknown[] = [];
  readonly #options: ResourcePoolOptions<T>;
  readonly #maxAge: number;
  readonly #own = captureOwner();
  readonly #here = contextSnapshot();

  constructor(options: ResourcePoolOptions<T>) {
    // A copy would be another `this` for the functions; the functions themselves are fixed now.
    const { create, destroy, validate, max } = options;
    this.#options = {
      create: () => create.call(options),
      destroy: (value) => destroy.call(options, value),
      validate: validate && ((value) => validate.call(options, value)),
      max,
    };
    this.#maxAge = options.maxAge ?? Infinity;
  }

  now(): number {
    return this.#loop.now();
  }

  /** Calls back at an instant, by a timer that keeps neither the process alive nor its caller's context. */
  callIdleAt(instant: number, callback: () => void): Handle {
    return this.#here(() => idleTimer(this.#loop, instant, callback));
  }

  async make(options: WaitOptions | undefined): Promise<Pooled<T>> {
    const value = await this.#own(this.#options.create, { signal: options?.signal });
    return { value, born: this.now(), idleSince: Infinity };
  }

  isTooOld({ born }: Pooled<T>): boolean {
    return this.now() - born >= this.#maxAge;
  }

  isGood(item: Pooled<T>, options: WaitOptions | undefined): boolean | Promise<boolean> {
    if (this.isTooOld(item)) return false;
    const { validate } = this.#options;
    return validate === undefined || this.#passes(() => validate(item.value), options);
  }

  // A check that throws is most likely a connection that is gone.
  async #passes(
    validate: () => boolean | PromiseLike<boolean>,
    options: WaitOptions | undefined,
  ): Promise<boolean> {
    try {
      const answer: unknown = await this.#own(validate, { signal: options?.signal });
      return answer !== false;
    } catch {
      return false;
    }
  }

  /** Never rejects: an error is kept for `drain()`. */
  async end(item: Pooled<T>): Promise<void> {
    try {
      await this.#here(() => shield(() => this.#options.destroy(item.value)));
    } catch (error) {
      this.failures.push(error);
    }
  }

  get #loop(): EventLoop {
    return this.#here(currentLoop);
  }
}
