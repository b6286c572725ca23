import pRetry from 'p-retry';
import { retry } from '@ambit/core';

let calls = 0;

async function flaky(attempt) {
  calls += 1;
  if (attempt < 3) throw new Error(`attempt ${attempt}`);
  return `after ${attempt}`;
}

console.log(await retry(flaky, { attempts: 5, delay: 1, factor: 1, maxDelay: Infinity, jitter: 'none' }));
try {
  await retry(flaky, { attempts: 2, delay: 1, factor: 2, maxDelay: 2, jitter: 'full' });
} catch (error) {
  console.log(error.message, calls);
}
const failed = [];
// ambit-codemods: left, because `onFailedAttempt` works in another way in `retry`
console.log(
  await pRetry(flaky, {
    minTimeout: 1,
    onFailedAttempt: ({ retriesLeft }) => failed.push(retriesLeft),
  }),
  failed,
);
