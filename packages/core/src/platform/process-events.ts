import type { SignalName } from '../internal/signal-name.ts';
import { timers } from './builtins.ts';

type Callback = (argument: unknown) => void;

/** One listener on the process for each event, however many runs there are. */
const shared = new Map<
  string,
  {
    readonly callbacks: Set<Callback>;
    readonly listener: Callback;
    /** Called when the last callback has been taken back. */
    readonly afterwards: (() => void)[];
  }
>();

function listen(event: string, callback: Callback): Disposable {
  let entry = shared.get(event);
  if (entry === undefined) {
    const callbacks = new Set<Callback>();
    const listener: Callback = (argument) => {
      for (const each of [...callbacks]) each(argument);
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

/** Whether the program has a listener of its own for an event of the process. */
export function isHeardByOthers(event: string): boolean {
  return process.listenerCount(event) > (shared.has(event) ? 1 : 0);
}

/** Whether a process can handle it. Windows has few signals; there, others never come. */
export function isSignal(name: unknown): name is SignalName {
  if (typeof name !== 'string' || name === 'SIGKILL' || name === 'SIGSTOP') return false;
  return name in signalNumbers() || process.platform === 'win32';
}

/** Calls back when the process gets a signal, which no longer ends it then. */
export function onSignal(signal: SignalName, callback: () => void): Disposable {
  return listen(signal, callback);
}

/**
 * Calls back for an exception, or a rejection, that was not caught, and that no longer ends the process then. What the program
 * listens for itself is its own business.
 */
export function onUncaught(callback: (error: unknown) => void): Disposable {
  return listen('uncaughtException', (error) => {
    if (!isHeardByOthers('uncaughtException')) callback(error);
  });
}

let isDry = false;

/** Calls back when the process, or the thread, ends because its event loop has nothing left to wait for. */
export function onDeadEnd(callback: () => void): Disposable {
  const dry = listen('beforeExit', noteDry);
  const end = listen('exit', () => {
    if (isDry) callback();
  });
  return {
    [Symbol.dispose]: () => {
      dry[Symbol.dispose]();
      end[Symbol.dispose]();
    },
  };
}

// Another listener may find something more to do: then the loop turns again.
function noteDry(): void {
  isDry = true;
  timers
    .setImmediate(() => {
      isDry = false;
    })
    .unref();
}

/** What a shell says of a process that a signal ended. */
export function exitCodeOf(signal: SignalName): number {
  return 128 + signalNumbers()[signal];
}

/**
 * Ends the process by a signal, so that its parent sees what happened, once its listeners for `exit` have been called. Other
 * runs got the signal too: waits until they have cleaned up.
 */
export async function dieOf(signal: SignalName): Promise<never> {
  const others = shared.get(signal);
  if (others !== undefined) await new Promise<void>((resolve) => others.afterwards.push(resolve));
  // Other listeners keep the signal from ending us: then the exit code says the same. On Windows a signal says less than it.
  if (process.platform !== 'win32') {
    process.on('exit', () => {
      if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
    });
  }
  return process.exit(exitCodeOf(signal));
}

export function exit(code: number): void {
  process.exit(code);
}

export function setExitCode(code: number): void {
  process.exitCode = code;
}

/** Loaded when it is needed: most programs only name the signals that `run` listens to by itself. */
function signalNumbers(): Record<SignalName, number> {
  return process.getBuiltinModule('node:os').constants.signals;
}
