import type { AnySource } from '../combinators/any-source.ts';
import { Source } from '../combinators/source.ts';
import type { CancelScope } from '../scope/cancel-scope.ts';
import { ParkingLot } from '../waiting/parking-lot.ts';
import { Upstream } from './upstream.ts';

/** A consumer of a shared source. */
export interface Consumer<T> {
  put(item: T): void;
  end(): void;
}

/** How a source has ended. */
export type SourceEnd = { readonly error?: unknown };

/** Reads one source for several consumers, as far as one of them asks it to. */
export class SharedReader<T> {
  readonly signal: AbortSignal | undefined;
  /** How the source has ended; undefined before. */
  outcome: SourceEnd | undefined;
  readonly #source: AnySource<T>;
  readonly #here: <R>(fn: () => R) => R;
  readonly #consumers = new Set<Consumer<T>>();
  readonly #demand = new ParkingLot();
  #upstream: Upstream | undefined;
  #isAsked = false;

  constructor(source: AnySource<T>, here: <R>(fn: () => R) => R, signal: AbortSignal | undefined) {
    this.#source = source;
    this.#here = here;
    this.signal = signal;
  }

  join(consumer: Consumer<T>): void {
    this.#consumers.add(consumer);
  }

  /** Waits, if it was the last, until the source is closed. */
  async leave(consumer: Consumer<T>): Promise<void> {
    if (!this.#consumers.delete(consumer) || this.#consumers.size > 0) return;
    const upstream = this.#upstream;
    this.#upstream = undefined;
    await upstream?.close();
  }

  /** Has the source give an item. */
  ask(): void {
    this.#isAsked = true;
    if (this.#upstream !== undefined) {
      this.#demand.unpark();
      return;
    }
    const upstream = new Upstream('share', { signal: this.signal });
    this.#upstream = upstream;
    this.#here(() => upstream.spawn((task) => this.#run(task.scope), 'source'));
  }

  // The task owns the source: however it ends, it closes it.
  async #run(scope: CancelScope): Promise<void> {
    const source = new Source<T>(() => this.#source, scope);
    try {
      await this.#read(source, scope);
      this.#end({});
    } catch (error) {
      this.#end({ error });
    } finally {
      await source.close();
    }
  }

  async #read(source: Source<T>, scope: CancelScope): Promise<void> {
    for (;;) {
      while (!this.#isAsked) await this.#demand._parkIn(scope, { name: 'to be asked' });
      this.#isAsked = false;
      const item = await source.pull();
      if (item === undefined) return;
      for (const consumer of this.#consumers) consumer.put(item.value);
    }
  }

  #end(outcome: SourceEnd): void {
    this.outcome = outcome;
    for (const consumer of this.#consumers) consumer.end();
  }
}
