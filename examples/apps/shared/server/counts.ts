import { currentScope } from '@ambit/core';
import { Watch } from '@ambit/sync';

/** The outcomes of the requests for one part of the shop. */
export interface Count {
  readonly begun: number;
  readonly finished: number;
  /** Answered with an error. */
  readonly failed: number;
  /** The browser closed the connection before there was an answer. */
  readonly aborted: number;
  /** The most that were open at a time. */
  readonly atOnce: number;
}

export type Counts = Readonly<Record<string, Count>>;

const NONE: Count = { begun: 0, finished: 0, failed: 0, aborted: 0, atOnce: 0 };

/** Counts requests while they come and go. */
export class RequestCounter {
  readonly #counts = new Watch<Counts>({});

  /** How many there were so far. */
  get counts(): Counts {
    return this.#counts.value;
  }

  of(part: string): Count {
    return this.counts[part] ?? NONE;
  }

  /** Requests that have no outcome yet. */
  openIn(part: string): number {
    return openOf(this.of(part));
  }

  /** The counts now, and after each change. */
  changes(): AsyncIterable<Counts> {
    return this.#counts.subscribe();
  }

  /** A request is a task, which is cancelled when the browser closes its connection. */
  async during(part: string, answer: () => Promise<unknown>): Promise<void> {
    this.#add(part, 'begun');
    let outcome: Kind = 'failed';
    try {
      await answer();
      outcome = 'finished';
    } finally {
      this.#add(part, currentScope().reason === undefined ? outcome : 'aborted');
    }
  }

  reset(): void {
    this.#counts.value = {};
  }

  #add(part: string, kind: Kind): void {
    const before = this.of(part);
    const count = { ...before, [kind]: before[kind] + 1 };
    const atOnce = Math.max(count.atOnce, openOf(count));
    this.#counts.value = { ...this.counts, [part]: { ...count, atOnce } };
  }
}

type Kind = Exclude<keyof Count, 'atOnce'>;

function openOf({ begun, finished, failed, aborted }: Count): number {
  return begun - finished - failed - aborted;
}
