import { useState } from 'react';
import { useAction, useTask } from '@ambit/core/react';
import { getThings } from '../shared/api.ts';
import type { Named } from '../shared/api.ts';
import { loadPrices } from '../shared/prices.ts';
import type { Prices } from '../shared/prices.ts';
import { priceText } from '../shared/words.ts';

export function PriceList() {
  const [things, setThings] = useState<Named[]>([]);
  const [prices, setPrices] = useState<Prices>({});
  useTask(async () => setThings(await getThings()), []);
  const load = useAction(() => {
    setPrices({});
    const ids = things.map(({ id }) => id);
    return loadPrices(ids, (id, price) => setPrices((before) => ({ ...before, [id]: price })));
  });
  return (
    <>
      <div className="actions">
        <button className="main" disabled={load.isRunning} onClick={() => load.perform()}>
          Load prices
        </button>
        <button disabled={!load.isRunning} onClick={() => load.cancel()}>
          Stop
        </button>
      </div>
      <ul className="tiles">
        {things.map(({ id, name }) => (
          <li key={id} data-state={prices[id]?.state}>
            <b>{name}</b>
            <span>{priceText(prices[id])}</span>
          </li>
        ))}
      </ul>
    </>
  );
}
