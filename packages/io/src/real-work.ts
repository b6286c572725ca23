/*
 * Files, processes and threads are real also where time is a test's: nothing tells a VirtualLoop that they are at work, so
 * that it would jump over them, and every time limit around a call would pass before the call has ended. So each call
 * holds the loop while it is under way, and the time limits inside it, for example the grace of a process that is to end, go
 * by the real clock. Outside of tests all of this is the work alone.
 *
 * On a host of a simulated network, the functions of the platform are the simulation's. Work is done outside of it: that is
 * how a process starts on a host that has none. A host that loses its power ends what it has started.
 */
import { CancelScope, moveOnAfter, sleep } from '@ambit/core';
import type { EventLoop } from '@ambit/core';
import { currentLoop, park } from '@ambit/core/lowlevel';

/** A loop whose time can be held: that of a test. */
interface TestLoop extends EventLoop {
  hold?(): Disposable;
  /** Whether it is that of code that has crashed. */
  readonly isOver?: boolean;
}

/** What a simulated network, once there is one, says of its hosts. */
export interface Simulation {
  /** Calls a function as code that runs on no host. */
  leave<R>(fn: () => R): R;
  /** Calls back when the caller's host loses its power; returns the way to take that back. */
  onPowerOff(end: () => void): () => void;
}

let simulation: Simulation = {
  leave: (fn) => fn(),
  onPowerOff: () => () => undefined,
};

export function setSimulation(own: Simulation): void {
  simulation = own;
}

/** Does work that no loop sees. Time does not move until it has ended. */
export function realWork<T>(work: () => Promise<T>): Promise<T> {
  const loop: TestLoop = currentLoop();
  if (loop.hold === undefined) return work();
  return loop.isOver === true ? forever() : held(loop.hold(), work);
}

/** Nothing goes on in what has crashed. */
export function forever(): Promise<never> {
  // eslint-disable-next-line no-restricted-syntax -- there is no scope any more to wait in
  return new Promise<never>(() => undefined);
}

async function held<T>(hold: Disposable, work: () => Promise<T>): Promise<T> {
  try {
    return await simulation.leave(work);
  } finally {
    hold[Symbol.dispose]();
  }
}

/** Calls a function outside of every simulated host: its timers are real, and so is what it starts. */
export function outsideHosts<R>(fn: () => R): R {
  return simulation.leave(fn);
}

/** Ends something real when the simulated host that it was started on crashes; returns the way to take that back. */
export function onPowerOff(end: () => void): () => void {
  return simulation.onPowerOff(() => {
    simulation.leave(end);
  });
}

function isReal(loop: TestLoop): boolean {
  return loop.hold === undefined;
}

/** Milliseconds: what a timer can hold; more would be 1 ms. */
export const LONGEST_DELAY: number = 2 ** 31 - 1;

// The host's, also where a test has put others in their place.
const { setTimeout, clearTimeout } = globalThis;

/** Sets a timer of the real clock that does not keep the process alive. None for more than a timer can hold. */
export function realTimer(ms: number, callback: () => void): NodeJS.Timeout | undefined {
  return ms > LONGEST_DELAY ? undefined : outsideHosts(() => setTimeout(callback, ms)).unref();
}

/** {@link moveOnAfter} by the real clock, for what is inside of {@link realWork}. */
export async function moveOnAfterReal<T>(
  ms: number,
  body: () => T | PromiseLike<T>,
): Promise<T | undefined> {
  if (isReal(currentLoop())) return moveOnAfter(ms, body);
  const scope = new CancelScope();
  // What it waits for keeps the process alive. A crash leaves it behind.
  const timer = realTimer(ms, () => {
    scope.cancel();
  });
  try {
    return await scope.run(body);
  } finally {
    clearTimeout(timer);
  }
}

/** {@link sleep} by the real clock, for what is inside of {@link realWork}. */
export function realSleep(ms: number): Promise<void> {
  if (isReal(currentLoop())) return sleep(ms);
  return park<void>((waker) => {
    const timer = outsideHosts(() => setTimeout(() => waker.wake(), ms));
    return () => {
      clearTimeout(timer);
    };
  });
}
