import { ambient } from './ambient.ts';
import { hostIdleTime, hostLoop, hostNow } from './event-loop.ts';
import type { Handle } from './event-loop.ts';

/**
 * The fairness law, in one place. Promises are settled by microtasks, and the host runs all of them before
 * timers, I/O and signals get their turn: two tasks that hand a lock to and fro would freeze the process.
 * So all code that goes on here (a wait that was woken, a call that found its result ready, the end of a scope
 * or a group) asks first whether this turn of the loop has used up its slice. If it has, what is ready goes
 * on in the next turn, in the order in which it became ready. It is settled then in any case: a value that
 * was handed over is not lost, and nothing cancels the pause.
 *
 * Nothing tells where a turn begins. A slice therefore begins where we know that the loop has turned, and
 * counts the time for which the loop has been at work since: time for which it was idle does not count.
 */
export interface Pace {
  /** Whether what is ready now has to go on in the next turn. */
  isDue(): boolean;
  /** Calls back in the next turn. `waiter`: the wait that is settled, if the caller is not the one that waits. */
  defer(settle: () => void, waiter?: object): void;
}

// How long a turn of the host's loop may go on, in milliseconds.
const SLICE = 10;

// Reading the clock takes 40 to 100 ns, up to a third of what an uncontended lock takes. So it is read at each of the first
// calls of a slice, and then about ten times a millisecond: at every 32nd call where calls come fast, at each where they come
// slowly.
const FIRST_LOOKS = 32;
const MOST_SKIPPED = 31;
const INTERVAL = 0.1;

let start = hostNow();
let idleAtStart = hostIdleTime();
let lastLook = start;
let looks = 0;
// Calls without a look at the clock: how many there are between this look and the next, and how many are left.
let skipped = 0;
let rest = 0;
let deferred: (() => void)[] = [];

/** To be called when the host's loop has turned. */
export function startSlice(): void {
  start = lastLook = hostNow();
  idleAtStart = hostIdleTime();
  looks = skipped = rest = 0;
}

/** Whether what is ready now has to go on in the next turn of the host's loop. */
export function isDue(): boolean {
  rest -= 1;
  return rest < 0 && look();
}

function look(): boolean {
  if (deferred.length > 0) return true;
  const now = hostNow();
  // A clock of tests has been taken away.
  if (now < lastLook) startSlice();
  looks += 1;
  if (looks > FIRST_LOOKS) skip(now - lastLook);
  lastLook = now;
  return now - start > SLICE && isUsedUp(now);
}

/** `passed`: the time since the last look, in which as many calls came as were skipped, and one. */
function skip(passed: number): void {
  skipped = Math.floor(Math.min((INTERVAL * (skipped + 1)) / passed, MOST_SKIPPED));
  rest = skipped;
}

function isUsedUp(now: number): boolean {
  const idle = hostIdleTime();
  const atWork = now - start - (idle - idleAtStart);
  if (atWork > SLICE) {
    rest = 0;
    return true;
  }
  start = now - atWork;
  idleAtStart = idle;
  return false;
}

// A turn serves all: it must not hold the scope of the caller that happens to ask for it.
const outside = ambient.run(undefined, () => ambient.snapshot());

/** Calls back in the next turn of the host's loop. */
export function defer(settle: () => void): void {
  rest = 0;
  deferred.push(settle);
  if (deferred.length === 1) hostPace.last = outside(() => hostLoop.callNext(goOn));
}

function goOn(): void {
  startSlice();
  const ready = deferred;
  deferred = [];
  for (const settle of ready) settle();
}

/**
 * The pace of the host's loop. Its last turn stays, as a sample does (decision 8): on Node 20 all code that asks for the ambient
 * scope is compiled for the shapes of what the host has called back by.
 */
export const hostPace: Pace & { last: Handle | undefined } = { isDue, defer, last: undefined };
