import type { Channel } from '../internal/channel.ts';

/** What a runtime without Node's modules does in the place of `node.ts`: mostly nothing. */

type Listener = (message: unknown) => void;

/** A channel of our own, since the runtime has none. */
class OwnChannel implements Channel {
  hasSubscribers = false;
  readonly listeners: Set<Listener> = new Set();

  publish(message: unknown): void {
    for (const listener of this.listeners) listener(message);
  }

  change(listener: Listener, verb: 'add' | 'delete'): void {
    this.listeners[verb](listener);
    this.hasSubscribers = this.listeners.size > 0;
  }
}

const channels = new Map<string, OwnChannel>();

export function diagnosticsChannel(name: string): OwnChannel {
  const known = channels.get(name) ?? new OwnChannel();
  channels.set(name, known);
  return known;
}

export function listenToChannel(name: string, listener: Listener): () => void {
  const channel = diagnosticsChannel(name);
  channel.change(listener, 'add');
  return () => {
    channel.change(listener, 'delete');
  };
}

export function exposeLook(_look: () => unknown): void {
  // No process of its own that a debugger could be attached to by its id.
}

export function processId(): number {
  return 1;
}

export function unlimitListeners(_signal: AbortSignal): void {
  // Such runtimes do not warn of many listeners.
}

export function listenToAbort(signal: AbortSignal, listener: () => void): void {
  signal.addEventListener('abort', listener);
}

export const hostTimers: {
  readonly setTimeout: (callback: () => void, ms: number) => unknown;
  readonly clearTimeout: (timer: unknown) => void;
  readonly setImmediate: undefined;
} = {
  setTimeout: (callback, ms) => globalThis.setTimeout(callback, ms),
  clearTimeout: (timer) => {
    globalThis.clearTimeout(timer as number);
  },
  setImmediate: undefined,
};

const nothing: Disposable = { [Symbol.dispose]: () => undefined };

export function isSignal(_name: unknown): boolean {
  return true;
}

export function onSignal(_signal: string, _callback: () => void): Disposable {
  return nothing;
}

export function isHeardByOthers(_event: string): boolean {
  return false;
}

export function onUncaught(_callback: (error: unknown) => void): Disposable {
  return nothing;
}

export function onDeadEnd(_callback: () => void): Disposable {
  return nothing;
}

export function watchTurns(
  _longest: number,
  _report: (ms: number) => void,
  _now: () => number,
): Disposable {
  return nothing;
}

export function exitCodeOf(_signal: string): number {
  return 128;
}

export function dieOf(_signal: string): Promise<never> {
  throw new Error('this runtime has no signals');
}

export function exit(_code: number): void {
  throw new Error('this runtime cannot exit');
}

export function setExitCode(_code: number): void {
  // There is no process to have one.
}

export function crash(error: unknown): void {
  throw error;
}

export function describeUncaught(error: unknown): string {
  return String(error);
}

export function printError(text: string): void {
  console.error(text);
}
