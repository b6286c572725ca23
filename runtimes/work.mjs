// What runs in worker threads.
export function double(value) {
  return value * 2;
}

export function fail(message) {
  throw Object.assign(new RangeError(message), { code: 'E_SPILT' });
}

export function spin() {
  for (;;);
}
