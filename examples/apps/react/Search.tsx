import { useState } from 'react';
import { useAction } from '@ambit/core/react';
import { findThings } from '../shared/api.ts';
import type { Named } from '../shared/api.ts';
import { foundText } from '../shared/words.ts';

export function Search() {
  const [found, setFound] = useState<Named[]>();
  const search = useAction(async (text: string) => setFound(await findThings(text)), {
    mode: 'restartable',
    delay: 250,
  });
  return (
    <>
      <input
        type="search"
        aria-label="Search"
        onChange={(event) => search.perform(event.target.value)}
      />
      <p className="status">{search.isRunning ? 'Searching…' : foundText(found)}</p>
      <ul className="rows" aria-busy={search.isRunning}>
        {found?.map(({ id, name }) => (
          <li key={id}>
            <a href={`#/things/${id}`}>{name}</a>
          </li>
        ))}
      </ul>
    </>
  );
}
