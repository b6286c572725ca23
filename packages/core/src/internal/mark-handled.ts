import { then } from './native-promise.ts';

function ignore(): void {
  // This rejection has another owner: the scope, whose next checkpoint throws again, or the group.
}

/** Marks a promise as looked after, so that its rejection can never become an `unhandledRejection`. */
export function markHandled(promise: Promise<unknown>): void {
  promise.then(undefined, ignore);
}

/** Does the same with what may be no promise of the platform, of this realm or of another one, and is left alone then. */
export function markIfPromise(value: unknown): void {
  try {
    then.call(value as Promise<unknown>, ignore, ignore);
  } catch {
    // It is none.
  }
}
