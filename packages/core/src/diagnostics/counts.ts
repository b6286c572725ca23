/** How many tasks were spawned so far, and what came of those that have ended: integers, since a subscriber would cost more. */
export const counts = { spawned: 0, fulfilled: 0, rejected: 0, cancelled: 0 };
