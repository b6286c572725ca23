import { shield, sleep } from '@ambit/core';

/** An item knows where it is from. */
export interface Tagged {
  readonly source: Probe;
  readonly at: number;
}

export interface SourceSpec {
  readonly kind: 'generator' | 'sync' | 'by hand';
  readonly delays: readonly number[];
  readonly failsAt: number | undefined;
  readonly cleanup: number;
}

/** A source that counts what is done to it. */
export class Probe {
  readonly error = new Error('in the source');
  isBegun = false;
  closed = 0;
  asked = 0;
  given = 0;
  mostAhead = 0;
  readonly #spec: SourceSpec;

  constructor(spec: SourceSpec) {
    this.#spec = spec;
  }

  get iterable(): AsyncIterable<Tagged> | Iterable<Tagged> {
    if (this.#spec.kind === 'sync') return this.#sync();
    return this.#spec.kind === 'generator' ? this.#generator() : this.#byHand();
  }

  #ask(): void {
    this.isBegun = true;
    this.asked += 1;
    this.mostAhead = Math.max(this.mostAhead, this.asked - this.given);
  }

  /** The next item, undefined at the end; throws if it is time to. */
  #make(at: number): Tagged | undefined {
    if (at === this.#spec.failsAt) throw this.error;
    return at < this.#spec.delays.length ? { source: this, at } : undefined;
  }

  *#sync(): Generator<Tagged> {
    try {
      for (let at = 0; ; at += 1) {
        this.#ask();
        const item = this.#make(at);
        if (item === undefined) return;
        yield item;
      }
    } finally {
      this.closed += 1;
    }
  }

  async *#generator(): AsyncGenerator<Tagged> {
    try {
      for (let at = 0; ; at += 1) {
        this.#ask();
        await sleep(this.#spec.delays[at] ?? 0);
        const item = this.#make(at);
        if (item === undefined) return;
        yield item;
      }
    } finally {
      await shield(() => sleep(this.#spec.cleanup));
      this.closed += 1;
    }
  }

  #byHand(): AsyncIterable<Tagged> {
    let at = 0;
    const next = async (): Promise<IteratorResult<Tagged>> => {
      this.#ask();
      const own = at;
      at += 1;
      // Deaf to cancellation, as foreign sources are.
      await shield(() => sleep(this.#spec.delays[own] ?? 0));
      try {
        const item = this.#make(own);
        if (item !== undefined) return { done: false, value: item };
      } catch (error) {
        this.closed += 1;
        throw error;
      }
      this.closed += 1;
      return { done: true, value: undefined };
    };
    let pending: Promise<unknown> | undefined;
    return {
      [Symbol.asyncIterator]: () => ({
        next: () => {
          const result = next();
          const told = (): void => {
            pending = undefined;
          };
          // Before the caller hears of it.
          pending = result.then(told, told);
          return result;
        },
        return: async () => {
          // What ends before its caller has heard of it, or while it is being closed, counts once.
          const before = pending === undefined ? this.closed : 0;
          await pending;
          await sleep(this.#spec.cleanup);
          if (this.closed === before) this.closed += 1;
          return { done: true, value: undefined };
        },
      }),
    };
  }
}
