import type { CancelScope } from '../scope/cancel-scope.ts';
import { ParkingLot } from '../waiting/parking-lot.ts';
import type { OpenSource } from '../combinators/open-source.ts';
import { Source } from '../combinators/source.ts';
import type { AnySource } from '../combinators/any-source.ts';
import type { Upstream } from './upstream.ts';

/** One source of a pipeline, read by a task of its own, and only as far as it is asked to. */
export class SourceReader<T> {
  /** True once the source has no more items, and all there were have been delivered. */
  hasEnded = false;
  readonly #upstream: Upstream;
  readonly #open: () => AnySource<T> | OpenSource<T>;
  readonly #deliver: (item: T) => void;
  readonly #demand = new ParkingLot();
  #wanted = 0;
  #isOpen = false;

  constructor(
    upstream: Upstream,
    open: () => AnySource<T> | OpenSource<T>,
    deliver: (item: T) => void,
  ) {
    this.#upstream = upstream;
    this.#open = open;
    this.#deliver = deliver;
  }

  /** Has it deliver a number of items from now on, those that it was asked for before among them. */
  fill(count: number): void {
    if (count <= this.#wanted) return;
    this.#wanted = count;
    if (this.#isOpen) {
      this.#demand.unpark();
      return;
    }
    this.#isOpen = true;
    this.#upstream.spawn((task) => this.#run(task.scope), 'source');
  }

  // The task owns the source: however it ends, it closes it, so that nothing can forget to.
  async #run(scope: CancelScope): Promise<void> {
    const source = new Source(this.#open, scope);
    try {
      await this.#read(source, scope);
    } finally {
      await source.close();
    }
  }

  async #read(source: Source<T>, scope: CancelScope): Promise<void> {
    for (;;) {
      while (this.#wanted === 0) await this.#demand._parkIn(scope, { name: 'to be asked' });
      const item = await source.pull();
      if (item === undefined) break;
      this.#wanted -= 1;
      this.#deliver(item.value);
      this.#upstream.tell();
    }
    this.hasEnded = true;
  }
}
