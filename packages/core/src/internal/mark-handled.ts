function ignore(): void {
  // This rejection has another owner: the scope, whose next checkpoint throws again, or the group.
}

/** Marks a promise as looked after, so that its rejection can never become an `unhandledRejection`. */
export function markHandled(promise: Promise<unknown>): void {
  promise.then(undefined, ignore);
}
