import pTimeout from 'p-timeout';

// ambit-codemods: left, because its promise is kept, and its `clear()` may be called
const kept = pTimeout(Promise.resolve(1), { milliseconds: 50 });
kept.clear();
console.log(await kept);
// ambit-codemods: left, because there is no option `fallback`
console.log(
  await pTimeout(new Promise(() => undefined), { milliseconds: 5, fallback: () => 'instead' }),
);
