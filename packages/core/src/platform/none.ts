import type { Channel } from '../internal/channel.ts';

/** What a runtime without Node's modules does in the place of `node.ts`: mostly nothing. */

export function diagnosticsChannel(_name: string): Channel {
  return { hasSubscribers: false, publish: () => undefined };
}

export function unlimitListeners(_signal: AbortSignal): void {
  // Such runtimes do not warn of many listeners.
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

export function onIdle(_callback: () => void): Disposable {
  return nothing;
}

export function watchTurns(_longest: number, _report: (ms: number) => void): Disposable {
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

export function printError(text: string): void {
  console.error(text);
}
