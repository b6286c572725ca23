// #region any-failed
import { any, run } from '@ambit/core';

await run(async () => {
  try {
    await any([
      () => Promise.reject(new Error('near: refused')),
      () => Promise.reject(new Error('far: refused')),
    ]);
  } catch (error) {
    if (!(error instanceof AggregateError)) throw error;
    for (const each of error.errors) console.log(String(each));
  }
});
// #endregion any-failed
