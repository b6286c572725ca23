/**
 * Intrusive doubly linked lists: a member carries its own links, so that appending and removing
 * allocate nothing and cost the same with one member as with a million.
 */
export interface Link<L> {
  /** @internal */ _previous: L | undefined;
  /** @internal */ _next: L | undefined;
  /** @internal The list it is in; undefined while it is in none. */
  _host: Host<L> | undefined;
}

/** What a list hangs on. */
export interface Host<L> {
  /** @internal */ _first: L | undefined;
  /** @internal */ _last: L | undefined;
}

/** Puts a link, which must be in no list, at the end. */
export function append<L extends Link<L>>(host: Host<L>, link: L): void {
  const last = host._last;
  link._host = host;
  link._previous = last;
  link._next = undefined;
  if (last === undefined) host._first = link;
  else last._next = link;
  host._last = link;
}

/** Takes a link out of its list; false if it is in none (any more). */
export function remove<L extends Link<L>>(link: L): boolean {
  const host = link._host;
  if (host === undefined) return false;
  const { _previous: previous, _next: next } = link;
  if (previous === undefined) host._first = next;
  else previous._next = next;
  if (next === undefined) host._last = previous;
  else next._previous = previous;
  link._host = undefined;
  link._previous = undefined;
  link._next = undefined;
  return true;
}
