import { park } from '@ambit/core/lowlevel';
import type { Waker } from '@ambit/core/lowlevel';

/** Waiting until something has happened. */
export class Event {
  #isSet = false;
  readonly #line: Waker<void>[] = [];

  async wait(): Promise<void> {
    if (!this.#isSet) await park<void>((waker) => void this.#line.push(waker), { name: 'event' });
  }

  set(): void {
    this.#isSet = true;
    for (const waker of this.#line.splice(0)) waker.wake();
  }
}

/** A lock in few lines. With `forgets` it hands itself also to a caller that was cancelled: it has a fault. */
export class Lock {
  isFree = true;
  readonly #name: string;
  readonly #forgets: boolean;
  readonly #line: Waker<void>[] = [];

  constructor(name: string, options?: { readonly forgets: boolean }) {
    this.#name = name;
    this.#forgets = options?.forgets === true;
  }

  async run<T>(body: () => Promise<T>): Promise<T> {
    if (this.isFree) this.isFree = false;
    else await this.#wait();
    try {
      return await body();
    } finally {
      this.#release();
    }
  }

  #wait(): Promise<void> {
    return park<void>((waker) => void this.#line.push(waker), { name: `lock ${this.#name}` });
  }

  #release(): void {
    for (let next = this.#line.shift(); next !== undefined; next = this.#line.shift()) {
      if (next.wake() || this.#forgets) return;
    }
    this.isFree = true;
  }
}
