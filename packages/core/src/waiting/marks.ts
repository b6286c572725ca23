// What is so, or not, of a task or a future: a bit each, in one field. A field for each would take 8 bytes of every task.

/** Other code than the owner has, or will have, seen the outcome. */
export const OBSERVED = 1;
/** Holds a place of its group's `limit`; without one it waits for its turn. */
export const HAS_SLOT = 2;
/** Its group does not wait for it. */
export const DAEMON = 4;
/** Its failure is its caller's, and not the group's. */
export const CALLERS = 8;
