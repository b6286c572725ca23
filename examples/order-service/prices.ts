// The price list of another service, which is slow at times, or hangs.
import { circuitBreaker, retry, timeout } from '@ambit/core';
import { fetch } from '@ambit/io';

export type Prices = (item: string) => Promise<number>;

// #region prices
/** Asks again after 150 ms, and not at all for a second after 20 failures. */
export function pricesFrom(url: string): Prices {
  const ask = async (item: string): Promise<number> => {
    const answer = await fetch(new URL(`/prices/${encodeURIComponent(item)}`, url));
    if (!answer.ok) throw new Error(`the price service responded with ${answer.status}`);
    return ((await answer.json()) as { price: number }).price;
  };
  const soon = (item: string): Promise<number> => timeout(150, () => ask(item));
  const patient = (item: string): Promise<number> =>
    retry(() => soon(item), { attempts: 4, delay: 10 });
  return circuitBreaker(patient, { failures: 20, within: 1000, cooldown: 1000 });
}
// #endregion prices
