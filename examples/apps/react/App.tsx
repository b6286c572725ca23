import { useSyncExternalStore } from 'react';
import { currentRoute, onRoute, views } from '../shared/route.ts';
import type { View } from '../shared/route.ts';
import { leads } from '../shared/words.ts';
import { Basket } from './Basket.tsx';
import { ErrorBoundary } from './ErrorBoundary.tsx';
import { Photo } from './Photo.tsx';
import { Places } from './Places.tsx';
import { PriceList } from './PriceList.tsx';
import { Search } from './Search.tsx';
import { Things } from './Things.tsx';

export function App() {
  const { view, id } = useSyncExternalStore(onRoute, currentRoute);
  return (
    <>
      <header className="top">
        <h1>Things to do</h1>
        <span>React</span>
      </header>
      <nav className="views">
        {Object.entries(views).map(([each, name]) => (
          <a key={each} href={`#/${each}`} aria-current={each === view ? 'page' : undefined}>
            {name}
          </a>
        ))}
      </nav>
      <main>
        <section className="view">
          <h2>{views[view]}</h2>
          <p className="lead">{leads[view]}</p>
          <ErrorBoundary key={view}>
            <Content view={view} id={id} />
          </ErrorBoundary>
        </section>
      </main>
    </>
  );
}

function Content({ view, id }: { view: View; id: number | undefined }) {
  switch (view) {
    case 'search':
      return <Search />;
    case 'things':
      return <Things id={id} />;
    case 'prices':
      return <PriceList />;
    case 'photo':
      return <Photo />;
    case 'places':
      return <Places />;
    case 'basket':
      return <Basket />;
  }
}
