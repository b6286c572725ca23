/** Does it again and again until a timer of the host has come through; returns after how many milliseconds, Infinity: not in 500. */
export async function untilTimer(call: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  const at = (): number => performance.now() - began;
  let seen: number | undefined;
  setTimeout(() => (seen = at()), 1);
  while (seen === undefined && at() < 500) await call();
  return seen ?? Infinity;
}

/** The same of calls that may reject. */
export function untilTimerAnyway(call: () => Promise<unknown>): Promise<number> {
  return untilTimer(() => call().catch(() => undefined));
}
