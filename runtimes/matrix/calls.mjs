import { coreCalls } from './core-calls.mjs';
import { doorCalls } from './door-calls.mjs';
import { syncCalls } from './sync-calls.mjs';

/** By door, and by name. */
export const calls = { ...coreCalls, ...doorCalls, ...syncCalls };
