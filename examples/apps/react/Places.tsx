import { useState } from 'react';
import { sleep } from '@ambit/core';
import { useTask } from '@ambit/core/react';
import { untilVisible } from '@ambit/core/web';
import { getPlaces } from '../shared/api.ts';
import type { Places as PlacesOf } from '../shared/api.ts';

export function Places() {
  const [things, setThings] = useState<PlacesOf[]>([]);
  const [isPaused, setPaused] = useState(false);
  useTask(async () => {
    while (!isPaused) {
      await untilVisible();
      setThings(await getPlaces());
      await sleep(500);
    }
  }, [isPaused]);
  return (
    <>
      <div className="actions">
        <button onClick={() => setPaused(!isPaused)}>{isPaused ? 'Resume' : 'Pause'}</button>
        <p className="status">{isPaused ? 'Paused.' : 'Following.'}</p>
      </div>
      <ul className="rows" aria-busy={isPaused}>
        {things.map(({ id, name, places }) => (
          <li key={id}>
            <span>{name}</span>
            <b className="number">{places}</b>
          </li>
        ))}
      </ul>
    </>
  );
}
