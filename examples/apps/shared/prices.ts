// Bounded loading with retries: three requests at a time, and each price up to four times.
import { concurrentForEach, isCancelled, retry } from '@ambit/core';
import { getPrice } from './api.ts';

export type Price =
  | { readonly state: 'waiting' | 'loading' | 'retrying' | 'failed' }
  | { readonly state: 'done'; readonly cents: number };

export type Prices = Readonly<Record<number, Price>>;

/** Loads the prices of things; `show` gets what is known of each, whenever that changes. */
export function loadPrices(
  ids: readonly number[],
  show: (id: number, price: Price) => void,
): Promise<void> {
  return concurrentForEach(ids, (id) => loadPrice(id, (price) => show(id, price)), { limit: 3 });
}

async function loadPrice(id: number, show: (price: Price) => void): Promise<void> {
  const attempt = (number: number): Promise<number> => {
    show({ state: number === 1 ? 'loading' : 'retrying' });
    return getPrice(id);
  };
  try {
    show({ state: 'done', cents: await retry(attempt, { attempts: 4, delay: 200 }) });
  } catch (error) {
    show({ state: isCancelled(error) ? 'waiting' : 'failed' });
    // One price that cannot be had does not stop the others; a cancellation stops them all.
    if (isCancelled(error)) throw error;
  }
}
