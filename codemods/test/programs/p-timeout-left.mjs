import pTimeout from 'p-timeout';

const kept = pTimeout(Promise.resolve(1), { milliseconds: 50 });
kept.clear();
console.log(await kept);
console.log(
  await pTimeout(new Promise(() => undefined), { milliseconds: 5, fallback: () => 'instead' }),
);
