import { call, each, on, run, sleep, spawn, until, useAbortSignal } from 'effection';

export function typeAhead({ input, search, show }) {
  const attempt = (query) =>
    call(function* () {
      const signal = yield* useAbortSignal();
      return yield* until(search(query, signal));
    });
  function* find(query) {
    yield* sleep(30);
    for (let left = 2; ; left -= 1) {
      try {
        return show({ results: yield* attempt(query) });
      } catch (error) {
        if (left === 0) return show({ error });
        yield* sleep(20);
      }
    }
  }
  const page = run(function* () {
    let newest;
    for (const { target } of yield* each(on(input, 'input'))) {
      if (newest) yield* newest.halt();
      newest = yield* spawn(() => find(target.value));
      yield* each.next();
    }
  });
  return async () => await page.halt();
}
