import { sleep } from '@ambit/core';
import { Event } from '@ambit/sync';
import { RequestCounter } from './counts.ts';
import { things } from './things.ts';

export type Part =
  'search' | 'things' | 'details' | 'reviews' | 'prices' | 'photos' | 'places' | 'basket';

/** Milliseconds that the shop takes for each part. */
const DELAYS: Readonly<Record<Part, number>> = {
  ...{ search: 400, things: 150, details: 600, reviews: 1200, prices: 500 },
  // For each 64 kB of a photo.
  photos: 4,
  ...{ places: 250, basket: 900 },
};

/** How often the price of a thing is asked for in vain. */
const BUSY: ReadonlyMap<number, number> = new Map([
  [2, 1],
  [5, 2],
  [9, 1],
]);

/** An answer other than 200. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** The shop: what it sells, how slow it is, what it refuses, and which requests it got. */
export class Shop {
  readonly requests = new RequestCounter();
  readonly delays: Record<Part, number> = { ...DELAYS };
  /** Each delay is multiplied by it. */
  slowness = 1;
  /** Parts that answer 503. */
  readonly refuses = new Set<Part>();
  readonly basket = new Map([1, 2, 7].map((id) => [id, 1]));
  readonly #busy = new Map<number, number>();
  readonly #held = new Map<Part, Event>();

  /** What all parts do first: wait, and perhaps refuse. */
  async serve(part: Part): Promise<void> {
    await this.#held.get(part)?.wait();
    await sleep(this.delays[part] * this.slowness);
    if (this.refuses.has(part)) throw new Refusal(503, 'The shop is closed for a moment.');
  }

  /** Requests for this part that come from now on wait until they are let go, or aborted. */
  hold(part: Part): void {
    this.#held.set(part, new Event());
  }

  /** Those that come from now on do not wait; those that are held stay so. */
  holdNoMore(part: Part): void {
    this.#held.delete(part);
  }

  /** Nor do those that are held. */
  letGo(part: Part): void {
    this.#held.get(part)?.set();
    this.holdNoMore(part);
  }

  /** Cents. Busy at first for some things, and again after each answer. */
  priceOf(id: number): number {
    const times = this.#busy.get(id) ?? 0;
    if (times < (BUSY.get(id) ?? 0)) {
      this.#busy.set(id, times + 1);
      throw new Refusal(503, 'This price is being written.');
    }
    this.#busy.delete(id);
    return this.find(id).price;
  }

  find(id: number): (typeof things)[number] {
    const thing = things.find((each) => each.id === id);
    if (thing === undefined) throw new Refusal(404, 'The shop does not sell this.');
    return thing;
  }

  /** As it was when it opened. */
  reset(): void {
    this.requests.reset();
    Object.assign(this.delays, DELAYS);
    this.slowness = 1;
    this.refuses.clear();
    this.#busy.clear();
    this.#held.clear();
    for (const id of this.basket.keys()) this.basket.set(id, 1);
  }
}
