import { shield } from '@ambit/core';

/** What a request has started and its listener does not wait for. Its task lasts as long. */
export class PendingWork {
  /** None: most requests have none. */
  #pending: Set<Promise<void>> | undefined;

  get isOver(): boolean {
    return this.#pending === undefined;
  }

  /** @param work - never rejects */
  add(work: Promise<void>): void {
    const pending = (this.#pending ??= new Set());
    const ended = work.finally(() => {
      pending.delete(ended);
      if (pending.size === 0) this.#pending = undefined;
    });
    pending.add(ended);
  }

  /** Waits for all of it, also for what is added meanwhile, and in a cancelled scope. */
  async untilOver(): Promise<void> {
    for (let pending = this.#pending; pending !== undefined; pending = this.#pending) {
      const all = [...pending];
      await shield(() => Promise.all(all));
    }
  }
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value;
}
