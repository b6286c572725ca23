import type { Channel } from '../internal/channel.ts';
import { events, timers } from './builtins.ts';

export function diagnosticsChannel(name: string): Channel {
  return process.getBuiltinModule('node:diagnostics_channel').channel(name);
}

/** Calls a function with each message of a channel, until what is returned is called. */
export function listenToChannel(name: string, listener: (message: unknown) => void): () => void {
  const { subscribe, unsubscribe } = process.getBuiltinModule('node:diagnostics_channel');
  subscribe(name, listener);
  return () => void unsubscribe(name, listener);
}

const LOOK = Symbol.for('@ambit/core:look');

/** Puts a function where a debugger finds it. There may be several copies of this package, each with one. */
export function exposeLook(look: () => unknown): void {
  const holder = globalThis as { [LOOK]?: Set<() => unknown> };
  if (holder[LOOK] !== undefined) holder[LOOK].add(look);
  // Where the global object is frozen there is none: that throws nothing.
  else Reflect.defineProperty(holder, LOOK, { value: new Set([look]), configurable: true });
}

export function processId(): number {
  return process.pid;
}

/** Any number of parallel calls may listen to the signal of one scope: that is no leak. */
export function unlimitListeners(signal: AbortSignal): void {
  // Test environments put signals of their own in the place of Node's, which have no limit.
  try {
    events.setMaxListeners(0, signal);
  } catch {
    // One of theirs.
  }
}

/** Calls back when the signal aborts, also if an earlier listener stops the event from going on. */
export function listenToAbort(signal: AbortSignal, listener: () => void): void {
  const { addAbortListener } = events as Partial<typeof events>;
  if (addAbortListener === undefined) signal.addEventListener('abort', listener);
  else addAbortListener(signal, listener);
}

/** Takes such a listener back. */
export function ignoreAbort(signal: AbortSignal, listener: () => void): void {
  signal.removeEventListener('abort', listener);
}

type Callback = () => void;

export { printError } from './crash.ts';
export { isSignal } from './process-events.ts';
export { controlProcess } from './shutdown.ts';

/** Node's own timers, also where a test runner has put fake ones in their place before anything was loaded. */
export const hostTimers: {
  readonly setTimeout: (callback: Callback, ms: number) => unknown;
  readonly clearTimeout: (timer: unknown) => void;
  readonly setImmediate: ((callback: Callback) => unknown) | undefined;
} = {
  setTimeout: timers.setTimeout,
  clearTimeout: (timer) => {
    timers.clearTimeout(timer as NodeJS.Timeout);
  },
  setImmediate: timers.setImmediate,
};

/**
 * Reports synchronous turns that take longer than `longest` milliseconds, from inside the async
 * context of the turn. Costs a hook on every callback: for debugging.
 */
export function watchTurns(
  longest: number,
  report: (ms: number) => void,
  now: () => number,
): Disposable {
  const starts: number[] = [];
  const hook = process.getBuiltinModule('node:async_hooks').createHook({
    before: () => {
      starts.push(now());
    },
    after: () => {
      const ms = now() - (starts.pop() ?? Infinity);
      if (starts.length === 0 && ms > longest) report(ms);
    },
  });
  hook.enable();
  return {
    [Symbol.dispose]: () => {
      hook.disable();
    },
  };
}
