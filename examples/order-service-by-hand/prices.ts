import { Circuit } from './adapter-circuit.ts';
import { retry } from './adapter-retry.ts';

export type Prices = (item: string, signal: AbortSignal) => Promise<number>;

/** Asks again after 150 ms, and not at all for a second after 20 failures. */
export function pricesFrom(url: string): Prices {
  const circuit = new Circuit({ failures: 20, within: 1000, cooldown: 1000 });
  const ask = async (item: string, signal: AbortSignal): Promise<number> => {
    const answer = await fetch(new URL(`/prices/${encodeURIComponent(item)}`, url), { signal });
    if (!answer.ok) throw new Error(`the price service responded with ${answer.status}`);
    return ((await answer.json()) as { price: number }).price;
  };
  const soon = (item: string, signal: AbortSignal): Promise<number> =>
    ask(item, AbortSignal.any([signal, AbortSignal.timeout(150)]));
  return (item, signal) =>
    circuit.run(() => retry(() => soon(item, signal), { attempts: 4, delay: 10, signal }), signal);
}
