import type { Channel } from '../internal/channel.ts';
import type { ControlledRun, ProcessControl, ProcessOptions } from './process-control.ts';

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

export function ignoreAbort(signal: AbortSignal, listener: () => void): void {
  signal.removeEventListener('abort', listener);
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

export function watchTurns(
  _longest: number,
  _report: (ms: number) => void,
  _now: () => number,
): Disposable {
  return nothing;
}

const control: ProcessControl = {
  ...nothing,
  hook: () => undefined,
  isByError: false,
  rejected: (error) => Promise.reject(error),
};

export function controlProcess(_run: ControlledRun, _options: ProcessOptions): ProcessControl {
  return control;
}

export function printError(text: string): void {
  console.error(text);
}
