// Where the user is: `#/things/3` is the view `things` with the id 3.
export const views = {
  search: 'Search',
  things: 'Things',
  prices: 'Price list',
  photo: 'Photo',
  places: 'Places left',
  basket: 'Basket',
} as const;

export type View = keyof typeof views;

export interface Route {
  readonly view: View;
  readonly id: number | undefined;
}

let route = parse(location.hash);

/** The same object until the user goes elsewhere. */
export function currentRoute(): Route {
  return route;
}

/** Calls `listener` when the user goes elsewhere; returns how to end that. */
export function onRoute(listener: () => void): () => void {
  const follow = (): void => {
    route = parse(location.hash);
    listener();
  };
  addEventListener('hashchange', follow);
  return () => {
    removeEventListener('hashchange', follow);
  };
}

function parse(hash: string): Route {
  const [, view = '', id] = hash.split('/');
  return {
    view: view in views ? (view as View) : 'search',
    id: id === undefined ? undefined : Number(id),
  };
}
