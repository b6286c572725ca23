import { catchError, debounceTime, fromEvent, map, Observable, of, retry, switchMap } from 'rxjs';

export function typeAhead({ input, search, show }) {
  const request = (query) =>
    new Observable((observer) => {
      const controller = new AbortController();
      search(query, controller.signal).then(
        (results) => {
          observer.next({ results });
          observer.complete();
        },
        (error) => observer.error(error),
      );
      return () => controller.abort();
    });
  const find = (query) =>
    request(query).pipe(
      retry({ count: 2, delay: 20 }),
      catchError((error) => of({ error })),
    );
  const subscription = fromEvent(input, 'input')
    .pipe(
      map(() => input.value),
      debounceTime(30),
      switchMap(find),
    )
    .subscribe(show);
  return () => subscription.unsubscribe();
}
