import { Suspense, use, useEffect, useState } from 'react';
import { useAction, useTask } from '@ambit/core/react';
import { getThing, getThings } from '../shared/api.ts';
import type { Named, Thing } from '../shared/api.ts';
import { money } from '../shared/words.ts';
import { ErrorBoundary } from './ErrorBoundary.tsx';

export function Things({ id }: { id: number | undefined }) {
  const [things, setThings] = useState<Named[]>([]);
  useTask(async () => setThings(await getThings()), []);
  return (
    <div className="pair">
      <ul className="rows">
        {things.map((thing) => (
          <li key={thing.id}>
            <a href={`#/things/${thing.id}`} aria-current={thing.id === id || undefined}>
              {thing.name}
            </a>
          </li>
        ))}
      </ul>
      {id !== undefined && (
        <ErrorBoundary key={id}>
          <Detail id={id} />
        </ErrorBoundary>
      )}
    </div>
  );
}

/** Loads while it is there. Its own child suspends, since React forgets a component that suspends before it is mounted. */
function Detail({ id }: { id: number }) {
  const { perform, last } = useAction(getThing);
  useEffect(() => void perform(id), [perform, id]);
  return (
    <article className="detail">
      <Suspense fallback={<p className="status">Loading…</p>}>
        {last && <Facts thing={last} />}
      </Suspense>
    </article>
  );
}

function Facts({ thing }: { thing: PromiseLike<Thing> }) {
  const { name, price, place, minutes, reviews } = use(thing);
  return (
    <>
      <h3>{name}</h3>
      <p>
        {money(price)}, {minutes} minutes, {place}
      </p>
      {reviews.map((review) => (
        <blockquote key={review}>{review}</blockquote>
      ))}
    </>
  );
}
