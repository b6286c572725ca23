/**
 * Intrusive doubly linked lists: a member carries its own links, so that appending and removing
 * allocate nothing and cost the same with one member as with a million. What a list hangs on keeps only
 * its first member, since most lists are empty; that member knows the last one.
 */
export interface Link<L> {
  /** @internal The one before it; of the first one: the last. */
  _previous: L | undefined;
  /** @internal */ _next: L | undefined;
  /** @internal The list it is in; undefined while it is in none. */
  _host: Host<L> | undefined;
}

/** What a list hangs on. */
export interface Host<L> {
  /** @internal */ _first: L | undefined;
}

/** Puts a link, which must be in no list, at the end. */
export function append<L extends Link<L>>(host: Host<L>, link: L): void {
  const first = host._first;
  link._host = host;
  link._next = undefined;
  if (first === undefined) {
    host._first = link;
    link._previous = link;
    return;
  }
  const last = first._previous as L;
  last._next = link;
  link._previous = last;
  first._previous = link;
}

/** Takes a link out of its list; false if it is in none (any more). */
export function remove<L extends Link<L>>(link: L): boolean {
  const host = link._host;
  if (host === undefined) return false;
  const { _previous: previous, _next: next } = link;
  const first = host._first as L;
  if (first === link) {
    host._first = next;
    if (next !== undefined) next._previous = previous;
  } else {
    (previous as L)._next = next;
    // The last one went: the one before it is the last now, and the first knows it.
    (next ?? first)._previous = previous;
  }
  link._host = undefined;
  link._previous = undefined;
  link._next = undefined;
  return true;
}

/** Those that are in it now, in order: for a walk in which other code may run, which may take out or append any of them. */
export function membersOf<L extends Link<L>>(host: Host<L>): L[] {
  const members: L[] = [];
  for (let each = host._first; each !== undefined; each = each._next) members.push(each);
  return members;
}
