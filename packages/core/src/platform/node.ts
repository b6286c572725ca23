import { createHook } from 'node:async_hooks';
import { channel } from 'node:diagnostics_channel';
import { setMaxListeners } from 'node:events';
import { constants } from 'node:os';
import process from 'node:process';
import timers from 'node:timers';
import { hostLoop } from '../event-loop.ts';
import type { Channel } from '../internal/channel.ts';
import type { SignalName } from '../internal/signal-name.ts';

export function diagnosticsChannel(name: string): Channel {
  return channel(name);
}

/** Any number of parallel calls may listen to the signal of one scope: that is no leak. */
export function unlimitListeners(signal: AbortSignal): void {
  setMaxListeners(0, signal);
}

type Callback = () => void;

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

/** One listener on the process for each event, however many runs there are. */
const shared = new Map<
  string,
  {
    readonly callbacks: Set<Callback>;
    readonly listener: Callback;
    /** Called when the last callback has been taken back. */
    readonly afterwards: Callback[];
  }
>();

function listen(event: string, callback: Callback): Disposable {
  let entry = shared.get(event);
  if (entry === undefined) {
    const callbacks = new Set<Callback>();
    const listener = (): void => {
      for (const each of [...callbacks]) each();
    };
    entry = { callbacks, listener, afterwards: [] };
    shared.set(event, entry);
    process.on(event, listener);
  }
  const { callbacks, listener, afterwards } = entry;
  callbacks.add(callback);
  return {
    [Symbol.dispose]: () => {
      if (!callbacks.delete(callback) || callbacks.size > 0) return;
      shared.delete(event);
      process.off(event, listener);
      for (const each of afterwards) each();
    },
  };
}

/** Whether a process can handle it. Windows has few signals; there, others never come. */
export function isSignal(name: unknown): name is SignalName {
  if (typeof name !== 'string' || name === 'SIGKILL' || name === 'SIGSTOP') return false;
  return name in constants.signals || process.platform === 'win32';
}

/** Calls back when the process gets a signal, which no longer ends it then. */
export function onSignal(signal: SignalName, callback: Callback): Disposable {
  return listen(signal, callback);
}

/** Calls back when the event loop has nothing left to wait for. */
export function onIdle(callback: Callback): Disposable {
  return listen('beforeExit', callback);
}

/** What a shell says of a process that a signal ended. */
export function exitCodeOf(signal: SignalName): number {
  return 128 + constants.signals[signal];
}

/**
 * Ends the process by a signal, so that whoever started it sees what happened. Other runs got the signal
 * too: waits until they have cleaned up.
 */
export async function dieOf(signal: SignalName): Promise<never> {
  const others = shared.get(signal);
  if (others !== undefined) await new Promise<void>((resolve) => others.afterwards.push(resolve));
  process.exitCode = exitCodeOf(signal);
  // Other listeners keep the signal from ending us: then the exit code says the same.
  if (process.listenerCount(signal) === 0) {
    process.kill(process.pid, signal);
    await new Promise<void>((resolve) => hostLoop.callLater(100, resolve));
  }
  return process.exit();
}

export function exit(code: number): void {
  process.exit(code);
}

export function setExitCode(code: number): void {
  process.exitCode = code;
}

/** Written at once, also if the process exits right after. */
export function printError(text: string): void {
  process.stderr.write(`${text}\n`);
}

/**
 * Reports synchronous turns that take longer than `longest` milliseconds, from inside the async
 * context of the turn. Costs a hook on every callback: for debugging.
 */
export function watchTurns(longest: number, report: (ms: number) => void): Disposable {
  const starts: number[] = [];
  const hook = createHook({
    before: () => {
      starts.push(hostLoop.now());
    },
    after: () => {
      const ms = hostLoop.now() - (starts.pop() ?? Infinity);
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
