/** The place of a cleanup in the list of a stack. */
interface Place {
  readonly cleanups: unknown[];
  readonly cleanup: unknown;
}

const places = new WeakMap<object, Place>();

/** Notes which stack releases a disposable, so that another one can take it over. */
export function notePlace(disposable: object, place: Place): void {
  places.set(disposable, place);
}

/** Takes a disposable back from the stack that was to release it, if there is one. */
export function takeBack(disposable: object): void {
  const place = places.get(disposable);
  const index = place?.cleanups.lastIndexOf(place.cleanup) ?? -1;
  if (index >= 0) place?.cleanups.splice(index, 1);
}
