import pTimeout, { TimeoutError } from 'p-timeout';
import { setTimeout as pause } from 'node:timers/promises';

const never = new Promise(() => undefined);

async function tell(promise) {
  try {
    return await promise;
  } catch (error) {
    return [error instanceof TimeoutError, error.name];
  }
}

console.log(await pTimeout(pause(1, 'in time'), { milliseconds: 5000 }));
console.log(await tell(pTimeout(never, { milliseconds: 5 })));
console.log(
  await pTimeout(never, { milliseconds: 5, message: 'too slow' }).catch((e) => e.message),
);
try {
  await pTimeout(never, { milliseconds: 5, message: `too slow: ${1 + 1}` });
} catch (error) {
  console.log(error.message);
}
console.log(await pTimeout(never, { milliseconds: 5, message: false }));
try {
  await pTimeout(Promise.reject(new Error('its own')), { milliseconds: 500 });
} catch (error) {
  console.log(error.message);
}
