import { useState } from 'react';
import { useAction, useTask } from '@ambit/core/react';
import { getBasket, saveCount } from '../shared/api.ts';
import type { BasketItem } from '../shared/api.ts';
import { messageOf } from '../shared/words.ts';

export function Basket() {
  const [items, setItems] = useState<BasketItem[]>([]);
  useTask(async () => setItems(await getBasket()), []);
  return (
    <ul className="rows">
      {items.map((item) => (
        <Item key={item.id} item={item} />
      ))}
    </ul>
  );
}

function Item({ item: { id, name, count } }: { item: BasketItem }) {
  const [saved, setSaved] = useState(count);
  const [wanted, setWanted] = useState(count);
  const [error, setError] = useState('');
  const save = useAction(async (wish: number) => setSaved(await saveCount(id, wish)), {
    mode: 'keepLatest',
    onError: (failure) => setError(messageOf(failure)),
  });
  // What is not being saved is what was saved: nothing has to be taken back.
  const shown = save.isRunning ? wanted : saved;
  const want = (wish: number) => {
    setError('');
    setWanted(wish);
    save.perform(wish);
  };
  return (
    <li>
      <span>{name}</span>
      <span className="status">{save.isRunning ? 'Saving…' : error}</span>
      {save.isRunning && (
        <button className="undo" onClick={() => save.cancel()}>
          Undo
        </button>
      )}
      <button aria-label="Less" disabled={shown === 0} onClick={() => want(shown - 1)}>
        −
      </button>
      <b className="number">{shown}</b>
      <button aria-label="More" onClick={() => want(shown + 1)}>
        +
      </button>
    </li>
  );
}
