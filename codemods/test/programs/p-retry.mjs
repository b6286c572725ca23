import pRetry from 'p-retry';

let calls = 0;

async function flaky(attempt) {
  calls += 1;
  if (attempt < 3) throw new Error(`attempt ${attempt}`);
  return `after ${attempt}`;
}

console.log(await pRetry(flaky, { retries: 4, minTimeout: 1, factor: 1 }));
try {
  await pRetry(flaky, { retries: 1, minTimeout: 1, maxTimeout: 2, randomize: true });
} catch (error) {
  console.log(error.message, calls);
}
const failed = [];
console.log(
  await pRetry(flaky, {
    minTimeout: 1,
    onFailedAttempt: ({ retriesLeft }) => failed.push(retriesLeft),
  }),
  failed,
);
