import { waitFor, timeout, moveOnAfter, TimeoutError } from '@ambit/core';
import { abortable } from '@ambit/core/abort';
import { setTimeout as pause } from 'node:timers/promises';

const never = new Promise(() => undefined);

async function tell(promise) {
  try {
    return await promise;
  } catch (error) {
    return [error instanceof TimeoutError, error.name];
  }
}

console.log(await waitFor(pause(1, 'in time'), 5000));
console.log(await tell(waitFor(never, 5)));
console.log(
  await timeout(5, () => abortable(never), { message: 'too slow' }).catch((e) => e.message),
);
try {
  await timeout(5, () => abortable(never), { message: `too slow: ${1 + 1}` });
} catch (error) {
  console.log(error.message);
}
console.log(await moveOnAfter(5, () => abortable(never)));
try {
  await waitFor(Promise.reject(new Error('its own')), 500);
} catch (error) {
  console.log(error.message);
}
